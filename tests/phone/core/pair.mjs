// Two transfers of one module and a relay between them, moved by hand with a clock of their own.

import { Transfer } from "../../../client/phone/page/core.js";
import { FakeRelay } from "./relay.mjs";

export const bytesOf = (count, seed) => Uint8Array.from({ length: count }, (_, i) => (i * 31 + (i >>> 8) * 7 + seed) & 255);

export const sampleCert = (keyBytes = 1500) => ({
  format: "npki", owner: "홍길동(HONG)0000", issuer: "yessign", use: "은행/보험용", notBefore: 1700000000, notAfter: 1731536000,
  files: [
    { kind: "sign-cert", size: 1200, bytes: bytesOf(1200, 11) },
    { kind: "sign-key", size: keyBytes, bytes: bytesOf(keyBytes, 77) },
  ],
});

export class Pair {
  // options: of the two transfers.
  constructor(core, { displayer = {}, typist = {} } = {}) {
    this.core = core;
    this.relay = new FakeRelay();
    this.devices = [
      new Transfer(core, { side: "displayer", role: "sender", name: "서랍 PC", platform: "linux", program: "test", ...displayer }),
      new Transfer(core, { side: "typist", role: "receiver", name: "phone", platform: "web", program: "test", ...typist }),
    ];
    this.events = [[], []];
    for (const device of this.devices) {
      device.connecting();
      device.connected();
    }
  }

  // Until nobody has anything to say.
  pump() {
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      this.devices.forEach((device, i) => {
        isBusy = this.#speak(device, i) || isBusy;
        isBusy = this.#hear(device, i) || isBusy;
        for (let event = device.event(); event; event = device.event()) this.events[i].push(event);
      });
    }
    return this;
  }

  #speak(device, i) {
    let isBusy = false;
    for (let message = device.output(); message; message = device.output()) {
      this.relay.input(i, message);
      device.sent();
      isBusy = true;
    }
    return isBusy;
  }

  #hear(device, i) {
    const messages = this.relay.seats[i].out.splice(0);
    messages.forEach((message) => device.input(message));
    return messages.length > 0;
  }

  types(i) {
    return this.events[i].map(({ type }) => type);
  }

  last(i, type) {
    return this.events[i].filter((event) => event.type === type).pop();
  }

  // The typist reads what the displayer shows. damage(digits) may change it.
  enter() {
    this.pump();
    const { fragment } = this.devices[0].shown("");
    const { invite } = this.core.parseInvite(fragment);
    const isEntered = this.devices[1].enter(invite);
    invite.free();
    this.pump();
    return isEntered;
  }

  free() {
    this.devices.forEach((device) => device.free());
  }
}
