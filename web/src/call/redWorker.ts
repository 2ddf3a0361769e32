// The worker through which the packets of this side's sound go, between the browser's encoder and its encryption.
//
// It repeats earlier packets in later ones (`red.ts`), as deep as the page tells it over a port of each sender, and
// passes on untouched whatever is no redundant audio. It keeps nothing that is older than three packets.

import { Repeater } from "./red";
import type { SenderWord } from "./redundancy";

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

/**
 * The transformers of senders that live. Chromium 156 lets go of one that nothing in here refers to when it tidies its
 * memory, whatever its streams are doing: the sender is silent from then on.
 */
const transformers = new Set<TransformEvent["transformer"]>();

addEventListener("rtctransform", (event) => {
  const { transformer } = event as TransformEvent;
  const { options, readable, writable } = transformer;
  transformers.add(transformer);
  const repeater = new Repeater();
  options.port.onmessage = ({ data }: MessageEvent<SenderWord>) => {
    if ("ended" in data) transformers.delete(transformer);
    else repeater.depth = data.depth;
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
