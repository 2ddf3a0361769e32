// The worker through which the packets of this side's sound go, between the browser's encoder and its encryption.
//
// It repeats earlier packets in later ones (`red.ts`), as deep as the page tells it over a port of each sender, and
// passes on untouched whatever is no redundant audio. It keeps nothing that is older than three packets.

import { Repeater } from "./red";
import type { Depth } from "./redundancy";

/** webrtc-encoded-transform §4; the compiler's list for workers is not this page's. */
interface TransformEvent extends Event {
  readonly transformer: {
    readonly options: { readonly port: MessagePort };
    readonly readable: ReadableStream<RTCEncodedAudioFrame>;
    readonly writable: WritableStream<RTCEncodedAudioFrame>;
  };
}

/** What Chromium and Firefox tell of a frame beside the standard's first list. */
interface FrameMetadata extends RTCEncodedAudioFrameMetadata {
  readonly mimeType?: string;
  readonly rtpTimestamp?: number;
}

addEventListener("rtctransform", (event) => {
  const { options, readable, writable } = (event as TransformEvent).transformer;
  const repeater = new Repeater();
  options.port.onmessage = ({ data }: MessageEvent<Depth>) => {
    repeater.depth = data.depth;
  };
  const repeat = new TransformStream<RTCEncodedAudioFrame, RTCEncodedAudioFrame>({
    transform(frame, controller) {
      const { mimeType, rtpTimestamp }: FrameMetadata = frame.getMetadata();
      if (mimeType?.toLowerCase() === "audio/red" && rtpTimestamp !== undefined) {
        frame.data = repeater.repeat(new Uint8Array(frame.data), rtpTimestamp).buffer;
      }
      controller.enqueue(frame);
    },
  });
  // It ends with its sender; what was under way then has nowhere to go.
  readable
    .pipeThrough(repeat)
    .pipeTo(writable)
    .catch(() => undefined);
});

// Sound goes through this worker only where it is known to run.
postMessage("ready");
