// One meeting of two devices as a person lives through it: what is known so far, and which screen comes next.
import { Transfer } from "./core.js";
import { deviceName, platformName } from "./device.js";
import { Meeting } from "./meeting.js";
import { announce } from "./ui.js";
import { t, version } from "./texts.js";
import { attend, guardLeaving, keepAwake, markStage, unattend } from "./wake.js";

const PATIENCE_MS = 180000; // a person who looks something up in another app comes back within that
const AWAY_MS = 1500; // shorter than that it may be just hanging up
const MARKS = [60, 30];

export class Pairing {
  // plan: {role, invite | null, certs (sender)}; without an invite this device shows the number.
  constructor(app, plan) {
    Object.assign(this, plan);
    this.app = app;
    this.side = plan.invite ? "typist" : "displayer";
    this.step = "connect";
    this.shown = this.hello = this.end = this.saved = this.fault = this.handedOut = null;
    this.until = this.announcedLeft = Infinity;
    this.isOffline = this.isAway = this.isStored = this.isSent = this.isLeft = this.isSaving = this.isHandedOut = false;
    this.arrived = [];
    this.leavesAt = Infinity;
    this.meeting = new Meeting(this.transfer(), app.settings.relay, (event) => this.hear(event));
    this.ticker = setInterval(() => this.tick(), 1000);
    attend(this.meeting);
    keepAwake(true);
    markStage(plan.invite ? "joining" : "waiting");
    this.invite?.free();
    this.invite = null;
    this.meeting.pump();
  }

  transfer() {
    return new Transfer(this.app.core, {
      side: this.side,
      role: this.role,
      secrets: "both",
      invite: this.invite ?? null,
      name: deviceName(),
      platform: platformName(),
      program: `certrelay web ${version}`,
      permit: this.app.permit,
      patienceMs: PATIENCE_MS,
    });
  }

  hear(event) {
    if (this.isLeft) return;
    HEAR[event.type]?.(this, event);
    this.app.update(event.type);
  }

  secondsLeft() {
    return Math.max(0, Math.ceil((this.until - performance.now()) / 1000));
  }

  setLeft(seconds) {
    this.until = performance.now() + seconds * 1000;
    this.announcedLeft = Math.max(seconds, this.announcedLeft === Infinity ? 0 : this.announcedLeft);
  }

  // A countdown read out every second would drown everything else.
  tick() {
    if (this.until === Infinity || this.end) return;
    const left = this.secondsLeft();
    for (const mark of MARKS) {
      if (left <= mark && this.announcedLeft > mark) announce(t("{n} seconds left.", { n: mark }));
    }
    this.announcedLeft = left;
    this.app.update("tick");
  }

  setAway(isAway) {
    clearTimeout(this.awayTimer);
    if (!isAway) this.isAway = false;
    else
      this.awayTimer = setTimeout(() => {
        this.isAway = !this.end;
        this.app.update("peer");
      }, AWAY_MS);
  }

  guard(stage) {
    markStage(stage);
    guardLeaving(["receiving", "sending"].includes(stage));
  }

  // Leaving now would lose what is under way.
  isPrecious() {
    if (this.end) return false;
    return this.role === "receiver" ? Boolean(this.hello) && !this.isStored : this.step === "send";
  }

  extend() {
    this.meeting.do((transfer) => transfer.extend());
  }

  consent(isYes) {
    if (isYes) this.guard("sending");
    return this.meeting.do((transfer) => transfer.consent(isYes ? this.certs : null));
  }

  // What was stored has been read back (or the person has the file): only now the sender hears of it.
  stored(certs, saved) {
    if (this.isStored || this.end) return;
    this.meeting.do((transfer) => {
      this.isStored = transfer.stored(this.app.core.digest(certs));
    });
    if (!this.isStored) return;
    this.saved = saved;
    this.step = "saved";
    this.guard("saved");
  }

  refuse(reason, fault = null) {
    this.fault = fault;
    this.meeting.do((transfer) => transfer.refuse(reason));
  }

  cancel() {
    this.meeting.do((transfer) => transfer.cancel());
  }

  finish(event) {
    this.end = event;
    this.isAway = this.isOffline = false;
    clearInterval(this.ticker);
    clearTimeout(this.awayTimer);
    keepAwake(false);
    guardLeaving(false);
    markStage(this.isStored ? "saved" : this.isSent ? "sent" : null);
  }

  // The person turns away. The last words still go out on their own; then everything is wiped.
  leave() {
    this.isLeft = true;
    if (!this.end) this.finish({ end: "cancelled" });
    this.cancel();
    unattend(this.meeting);
    this.arrived = [];
    this.certs = [];
  }
}

function screenOf(pairing, name) {
  pairing.app.go(name, { pairing });
}

const HEAR = {
  code(pairing, { seconds }) {
    pairing.step = "number";
    pairing.shown = pairing.meeting.transfer.shown(pairing.app.relayForOthers());
    pairing.setLeft(seconds);
    announce(t("The number is shown. {n} seconds left.", { n: seconds }));
  },
  time(pairing, { seconds }) {
    pairing.setLeft(seconds);
  },
  online(pairing) {
    if (pairing.step === "connect") pairing.step = "number";
    pairing.isOffline = false;
  },
  offline(pairing) {
    pairing.isOffline = true;
  },
  peer(pairing, { peer }) {
    pairing.setAway(peer === "away");
  },
  confirmed(pairing) {
    pairing.step = "confirm";
    pairing.until = pairing.announcedLeft = Infinity;
    pairing.guard(pairing.role === "receiver" ? "receiving" : "paired");
    pairing.meeting.transfer.probe();
  },
  hello(pairing, { hello }) {
    pairing.hello = hello;
    screenOf(pairing, pairing.role === "receiver" ? "receive-confirm" : "send-consent");
  },
  sending(pairing) {
    pairing.step = "send";
    screenOf(pairing, "send-progress");
  },
  arrived(pairing) {
    pairing.step = "send";
    pairing.arrived = pairing.meeting.transfer.certs();
    if (pairing.app.current !== "receive-save") screenOf(pairing, "receive-confirm");
  },
  saved(pairing) {
    pairing.isSent = true;
    pairing.step = "saved";
    pairing.guard("sent");
    screenOf(pairing, "send-done");
  },
  "going-away"(pairing, { seconds }) {
    pairing.leavesAt = performance.now() + seconds * 1000;
  },
  ended(pairing, event) {
    pairing.finish(event);
    const isGood = pairing.isStored || pairing.isSent;
    if (!isGood) screenOf(pairing, "ended");
  },
};
