// A tone as a track that can be sent. Nobody hears it here.

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
    // A press began the test, so no browser holds it back.
    void this.#context.resume();
    const [track] = out.stream.getAudioTracks();
    if (!track) throw new Error("the destination of an audio graph has no track");
    this.track = track;
  }

  close(): void {
    this.track.stop();
    void this.#context.close();
  }
}
