// A tone as a track that can be sent, and an ear for it where it arrives. Nobody hears it here.

/** High enough that codecs keep it, in hertz. */
const HERTZ = 440;
/** Loud enough to be told from noise, 0 to 1. */
const LOUD = 0.25;

export class Tone {
  readonly track: MediaStreamTrack;
  readonly #context = new AudioContext();

  constructor() {
    const source = new OscillatorNode(this.#context, { frequency: HERTZ });
    const out = new MediaStreamAudioDestinationNode(this.#context);
    source.connect(new GainNode(this.#context, { gain: LOUD })).connect(out);
    source.start();
    // A press began the test, so no browser holds it back that has a loudspeaker.
    void this.#context.resume();
    const [track] = out.stream.getAudioTracks();
    if (!track) throw new Error("the destination of an audio graph has no track");
    this.track = track;
  }

  /** Whether the browser lets it sound. */
  get isSounding(): boolean {
    return this.#context.state === "running";
  }

  /** Listens to a stream; what is given tells how loud it is at this moment, 0 to 1. */
  hear(stream: MediaStream): () => number {
    const analyser = new AnalyserNode(this.#context, { fftSize: 2048 });
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    return () => {
      analyser.getFloatTimeDomainData(samples);
      return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    };
  }

  close(): void {
    this.track.stop();
    void this.#context.close();
  }
}
