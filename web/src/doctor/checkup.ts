// One run of *Test my connection*: which probe comes after which, and what each is judged with.
//
// It knows no browser: the probes are handed in. What a run found before it was stopped stands; it tells nothing afterwards.

import type { Line } from "../net/line";
import type { RelayAccess } from "../protocol/RelayAccess";
import type { RelayServer } from "../protocol/RelayServer";
import type {
  MicrophoneFinding,
  PageFinding,
  Place,
  PortFinding,
  ServerFinding,
  SocketFinding,
  SoundFinding,
  SpeakerFinding,
  Way,
} from "./findings";
import {
  judgeClock,
  judgeMicrophone,
  judgePage,
  judgeServer,
  judgeSocket,
  judgeSpeaker,
} from "./judgement";
import { type Check, skipped, type Verdict } from "./verdict";
import { checkOf, judgeOffer, judgeSound, judgeStun, judgeWays } from "./ways";

/** What does the testing. None of them rejects but for `signal`; each ends within seconds. */
export interface Probes {
  page(): PageFinding;
  /** `listening` is told while the person should speak, with how loud they are, 0 to 1. */
  microphone(listening: (level: number) => void, signal: AbortSignal): Promise<MicrophoneFinding>;
  speaker(signal: AbortSignal): Promise<SpeakerFinding>;
  server(signal: AbortSignal): Promise<ServerFinding>;
  socket(signal: AbortSignal): Promise<SocketFinding>;
  stun(port: number, signal: AbortSignal): Promise<PortFinding>;
  way(server: RelayServer, access: RelayAccess, signal: AbortSignal): Promise<PortFinding>;
  sound(server: RelayServer, access: RelayAccess, signal: AbortSignal): Promise<SoundFinding>;
}

/** The type of `createProbes`. */
export type CreateProbes = (ports: { line: Line }) => Probes;

export interface Examination {
  probes: Probes;
  place: Place;
  /** A check is under way (no verdict) or judged. */
  tell: (check: Check, verdict: Verdict | null) => void;
  listening: (level: number) => void;
  signal: AbortSignal;
}

/** Tests everything; resolves when all is judged or `signal` was aborted. */
export async function examine(examination: Examination): Promise<void> {
  const { signal } = examination;
  const told = {
    ...examination,
    tell: (check: Check, verdict: Verdict | null) => {
      if (!signal.aborted) examination.tell(check, verdict);
    },
  };
  try {
    const page = examinePage(told);
    await Promise.all([examineDevices(told), examineServer(told, page)]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function examinePage({ probes, place, tell }: Examination): PageFinding {
  const page = probes.page();
  tell("page", judgePage(page, place));
  return page;
}

/** One after the other: the microphone would hear the loudspeaker. */
async function examineDevices(examination: Examination): Promise<void> {
  const { probes, tell, listening, signal } = examination;
  tell("microphone", null);
  tell("speaker", null);
  tell("microphone", judgeMicrophone(await probes.microphone(listening, signal)));
  tell("speaker", judgeSpeaker(await probes.speaker(signal), null));
}

async function examineServer(examination: Examination, page: PageFinding): Promise<void> {
  const { probes, place, tell, signal } = examination;
  for (const check of ["server", "socket", "clock"] as const) tell(check, null);
  const server = await probes.server(signal);
  tell("server", judgeServer(server, place));
  tell("clock", judgeClock(server));
  const socket = await probes.socket(signal);
  tell("socket", judgeSocket(socket, server));
  if (!page.webrtc) {
    const verdict = skipped("Not tested: this browser cannot make calls");
    for (const check of ["stun", "relay", "sound"] as const) tell(check, verdict);
    return;
  }
  const relay = socket.is === "open" ? socket.relay : null;
  tell("relay", judgeOffer(relay, place));
  const access = relay?.is === "on" ? relay.access : null;
  await Promise.all([examineStun(examination), examineRelay(examination, access)]);
}

async function examineStun({ probes, place, tell, signal }: Examination): Promise<void> {
  tell("stun", null);
  const finding = place.stunPort === null ? null : await probes.stun(place.stunPort, signal);
  tell("stun", judgeStun(finding, place));
}

async function examineRelay(examination: Examination, access: RelayAccess | null): Promise<void> {
  const { probes, tell, signal } = examination;
  tell("sound", null);
  const open = access && (await examineWays(examination, access));
  const sound = access && open ? await probes.sound(open, access, signal) : null;
  tell("sound", judgeSound(sound));
}

/** Each way alone, all at the same time. Gives the best one that is open. */
async function examineWays(
  { probes, place, tell, signal }: Examination,
  access: RelayAccess,
): Promise<RelayServer | null> {
  for (const server of access.servers) tell(checkOf(server), null);
  const ways: Way[] = await Promise.all(
    access.servers.map(async (server) => ({
      server,
      finding: await probes.way(server, access, signal),
    })),
  );
  for (const [check, verdict] of judgeWays(ways, place)) tell(check, verdict);
  return (
    ways.find(({ finding }: { finding: PortFinding }) => finding.is === "answered")?.server ?? null
  );
}
