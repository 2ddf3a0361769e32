// Writes what Chromium and Firefox say today into src/call/fixtures, for the tests of
// description.ts: their offers, restarts and answers, as made by the browser's defaults and as made
// by the peer's settings, and their candidates. Run it by `node e2e/capture-sdp.js` when a browser changed.

import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";

import { chromium } from "@playwright/test";
import puppeteer from "puppeteer-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

const server = createServer((_, response) => {
  response.setHeader("content-type", "text/html");
  response.end("<!doctype html><title>SDP</title>");
});
await new Promise((listening) => server.listen(0, "localhost", listening));
const address = `http://localhost:${server.address().port}/`;

const browsers = {
  chromium: await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] }),
  firefox: await puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    extraPrefsFirefox: { "media.peerconnection.ice.obfuscate_host_addresses": false },
  }),
};
try {
  const pages = {
    chromium: await (await browsers.chromium.newContext({ permissions: ["microphone"] })).newPage(),
    firefox: await browsers.firefox.newPage(),
  };
  for (const page of Object.values(pages)) await page.goto(address);
  for (const [name, page] of Object.entries(pages)) {
    const other = name === "chromium" ? "firefox" : "chromium";
    const preferred = await page.evaluate(offer, true);
    const captured = {
      browser: await page.evaluate(() => navigator.userAgent),
      offers: { default: await page.evaluate(offer, false), preferred },
      answers: {
        [name]: await page.evaluate(answer, preferred.first),
        [other]: await page.evaluate(answer, (await pages[other].evaluate(offer, true)).first),
      },
    };
    const file = new URL(`../src/call/fixtures/${name}.json`, import.meta.url);
    await writeFile(file, `${JSON.stringify(captured, null, 2)}\n`);
  }
} finally {
  await browsers.chromium.close();
  await browsers.firefox.close();
  server.close();
}

/** Runs in the page: an offer, its candidates, and the offer that restarts ICE. */
async function offer(preferred) {
  const connection = new RTCPeerConnection(preferred ? { bundlePolicy: "max-bundle" } : {});
  const gathered = new Promise((done) => {
    const lines = [];
    connection.onicecandidate = ({ candidate }) =>
      candidate ? lines.push(candidate.candidate) : done(lines);
  });
  const transceiver = connection.addTransceiver("audio", { direction: "sendrecv" });
  connection.createDataChannel("control", { negotiated: true, id: 0 });
  if (preferred) {
    const { codecs } = RTCRtpReceiver.getCapabilities("audio");
    const named = (name) => codecs.filter((c) => c.mimeType.toLowerCase() === name);
    transceiver.setCodecPreferences([...named("audio/red"), ...named("audio/opus")]);
  }
  const { sdp: first } = await connection.createOffer();
  await connection.setLocalDescription({ type: "offer", sdp: first });
  const candidates = await gathered;
  const { sdp: restart } = await connection.createOffer({ iceRestart: true });
  connection.close();
  return { first, restart, candidates };
}

/** Runs in the page: the answer to an offer, before any microphone. */
async function answer(sdp) {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  await connection.setRemoteDescription({ type: "offer", sdp });
  const [transceiver] = connection.getTransceivers();
  transceiver.direction = "sendrecv";
  connection.createDataChannel("control", { negotiated: true, id: 0 });
  const { sdp: first } = await connection.createAnswer();
  connection.close();
  return first;
}
