// Another device whose words are a test's: the same core, in a window of its own, saying of itself whatever it is told to say.
import { serve } from "./core/server.mjs";

const EMPTY = "<!doctype html><title>peer</title>";

// said: {name, platform, program}. cert: what it sends. Gives the end of the transfer.
async function meet({ code, relay, role, said, cert }) {
  const { Transfer, loadCore } = await import("/client/phone/page/core.js");
  const { Meeting } = await import("/client/phone/page/meeting.js");
  const core = await loadCore("/core.wasm");
  const { invite } = core.parseCode(code);
  const transfer = new Transfer(core, { side: "typist", role, secrets: "digits", invite, patienceMs: 60000, ...said });
  const sent = cert && { ...cert, files: cert.files.map((file) => ({ ...file, bytes: Uint8Array.from(file.bytes) })) };
  return new Promise((resolve) => {
    const meeting = new Meeting(transfer, relay, (event) => {
      if (event.type === "hello" && sent) queueMicrotask(() => meeting.do((one) => one.consent([sent])));
      if (event.type === "ended") resolve(event.end);
    });
    meeting.pump();
  });
}

export class Peer {
  static async sit(browser) {
    const peer = new Peer();
    const { server, origin } = await serve(".", { "/empty": EMPTY });
    peer.server = server;
    peer.context = await browser.newContext();
    peer.page = await peer.context.newPage();
    await peer.page.goto(`${origin}/empty`);
    return peer;
  }

  meet(plan) {
    return this.page.evaluate(meet, plan);
  }

  story() {
    return `peer ${this.page.url()}`;
  }

  async stop() {
    await this.context.close();
    this.server.closeAllConnections();
    this.server.close();
  }
}
