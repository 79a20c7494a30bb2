// A TCP proxy in front of the relay that counts WebSocket messages, cuts the line at one of them, or stays cut for a while.
import net from "node:net";

export const TO_RELAY = "to relay";
export const TO_PAGE = "to page";
const HEAD_END = "\r\n\r\n";
const BINARY = 2;

// Pieces of a byte stream: the HTTP head, then whole WebSocket frames. What is no WebSocket is handed on as it comes.
class Splitter {
  data = Buffer.alloc(0);
  isOpen = false;

  feed(data) {
    this.data = Buffer.concat([this.data, data]);
    const pieces = [];
    for (let piece = this.next(); piece; piece = this.next()) pieces.push(piece);
    return pieces;
  }

  next() {
    const length = this.isOpen ? this.frameLength() : this.headLength();
    if (!length || this.data.length < length) return null;
    const bytes = this.data.subarray(0, length);
    const isMessage = this.isOpen && (bytes[0] & 15) === BINARY;
    this.isOpen ||= /^(upgrade|connection): *(websocket|upgrade)/im.test(bytes.toString("latin1"));
    this.data = this.data.subarray(length);
    return { bytes, isMessage };
  }

  // After the head of an ordinary answer its body is passed on too, up to what has come.
  headLength() {
    const end = this.data.indexOf(HEAD_END);
    return end < 0 ? this.data.length : end + HEAD_END.length;
  }

  frameLength() {
    if (this.data.length < 2) return 0;
    const short = this.data[1] & 127;
    const extra = { 126: 2, 127: 8 }[short] ?? 0;
    if (this.data.length < 2 + extra) return 0;
    const size = extra === 2 ? this.data.readUInt16BE(2) : extra === 8 ? Number(this.data.readBigUInt64BE(2)) : short;
    return 2 + extra + (this.data[1] & 128 ? 4 : 0) + size;
  }
}

// plan: {direction, index (from 1, over all connections), isBefore}; without one it only counts.
export class Cutter {
  static async start(targetPort, plan = {}) {
    const cutter = new Cutter(targetPort, plan);
    await new Promise((resolve) => cutter.server.listen(0, "127.0.0.1", resolve));
    cutter.origin = `http://localhost:${cutter.server.address().port}`;
    cutter.url = `ws://127.0.0.1:${cutter.server.address().port}/ws`;
    return cutter;
  }

  constructor(targetPort, plan) {
    this.replan(plan);
    this.heard = [];
    this.connections = 0;
    this.isDown = false;
    this.open = new Set();
    this.server = net.createServer({ noDelay: true }, (page) => this.serve(page, targetPort));
  }

  // From here on it counts anew.
  replan(plan) {
    this.plan = plan;
    this.counts = { [TO_RELAY]: 0, [TO_PAGE]: 0 };
    this.cuts = 0;
  }

  serve(page, targetPort) {
    if (this.isDown) return page.resetAndDestroy();
    this.connections++;
    const relay = net.connect({ port: targetPort, host: "127.0.0.1", noDelay: true });
    const line = { page, relay };
    this.open.add(line);
    for (const socket of [page, relay]) {
      socket.on("error", () => {});
      socket.on("close", () => this.drop(line));
    }
    this.pump(page, relay, TO_RELAY, line);
    this.pump(relay, page, TO_PAGE, line);
    return undefined;
  }

  pump(from, to, direction, line) {
    const splitter = new Splitter();
    from.on("data", (data) => {
      if (direction === TO_RELAY) this.heard.push(data);
      for (const { bytes, isMessage } of splitter.feed(data)) {
        if (!this.open.has(line)) return;
        const isCut = isMessage && this.isCut(direction);
        if (!isCut || !this.plan.isBefore) to.write(bytes);
        if (isCut) this.hangUp(line, to);
      }
    });
  }

  isCut(direction) {
    this.counts[direction]++;
    const isNow = direction === this.plan.direction && this.counts[direction] === this.plan.index;
    if (isNow) this.cuts++;
    return isNow;
  }

  // What was written before still arrives on the side that it went to; the other hears nothing more.
  hangUp(line, last) {
    this.open.delete(line);
    last.end();
    (last === line.page ? line.relay : line.page).resetAndDestroy();
  }

  drop(line) {
    this.open.delete(line);
    line.page.destroy();
    line.relay.destroy();
  }

  // Every line there is, at this moment; new ones are let through.
  cutAll() {
    for (const line of [...this.open]) this.drop(line);
  }

  goDown() {
    this.isDown = true;
    this.cutAll();
  }

  comeUp() {
    this.isDown = false;
  }

  // All that pages sent over this line, as it was on the line.
  said() {
    return Buffer.concat(this.heard).toString("latin1");
  }

  story() {
    return `cutter: ${JSON.stringify({ plan: this.plan, counts: this.counts, cuts: this.cuts, connections: this.connections })}`;
  }

  async stop() {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
