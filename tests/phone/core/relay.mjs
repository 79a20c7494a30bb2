// A small faithful relay for tests: one mailbox, two seats, queues, and nothing that goes wrong. PROTOCOL.md section 2.

const ALLOCATE = 1, JOIN = 2, SEND = 3, ACK = 4, RESUME = 5, CLOSE = 7, PROOF = 9;
const ALLOCATED = 0x81, JOINED = 0x82, DELIVER = 0x83, ACKED = 0x84, RESUMED = 0x85, TIME = 0x86, PEER = 0x87, CLOSED = 0x88, PUZZLE = 0x8b;
export const SALT = [1, 2, 3, 4, 5, 6, 7, 8];
const HERE = 1;
const NAMEPLATE = [4, 0, 0, 0x12, 0xd5]; // 4821
const LIFE_SECONDS = [0x02, 0x58];

const u32 = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const readU32 = (bytes, at) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);

export class FakeRelay {
  constructor() {
    this.seats = [0, 1].map(() => ({ isTaken: false, got: 0, queue: [], out: [] }));
    this.payloadBytes = 0;
    this.price = 0; // bits of work that a JOIN costs
    this.permit = this.join = this.proof = null;
  }

  #say(device, ...bytes) {
    this.seats[device].out.push(Uint8Array.from(bytes));
  }

  #deliver(device, seq, payload) {
    const message = new Uint8Array(5 + payload.length);
    message.set([DELIVER, ...u32(seq)]);
    message.set(payload, 5);
    this.seats[device].out.push(message);
  }

  #take(device, payload) {
    const other = 1 - device;
    this.payloadBytes += payload.length;
    const seq = ++this.seats[device].got;
    this.seats[other].queue.push({ seq, payload });
    if (this.seats[other].isTaken) this.#deliver(other, seq, payload);
  }

  #join(device, message) {
    this.seats[device].isTaken = true;
    this.#say(device, JOINED, ...LIFE_SECONDS);
    this.#say(device, PEER, HERE);
    this.#say(1 - device, PEER, HERE);
    this.#take(device, message.slice(22));
  }

  // The seat is kept: its owner gets what it has not seen, and says what the relay has not.
  #resume(device, seen) {
    const seat = this.seats[device];
    seat.out = [];
    this.#seen(device, seen);
    this.#say(device, RESUMED, ...LIFE_SECONDS, HERE, ...u32(seat.got + 1));
    this.#say(device, PEER, HERE);
    for (const { seq, payload } of seat.queue) this.#deliver(device, seq, payload);
  }

  #seen(device, seq) {
    const seat = this.seats[device];
    seat.queue = seat.queue.filter((frame) => frame.seq > seq);
    this.#say(1 - device, ACKED, ...u32(seq));
  }

  #close(device, mood) {
    this.#say(device, CLOSED, mood);
    this.#say(1 - device, CLOSED, mood);
  }

  input(device, message) {
    switch (message[0]) {
      case ALLOCATE:
        this.seats[device].isTaken = true;
        this.permit = message.slice(17);
        return this.#say(device, ALLOCATED, ...NAMEPLATE, 0, 180);
      case JOIN:
        this.join = message;
        return this.price && !this.proof ? this.#say(device, PUZZLE, this.price, ...SALT) : this.#join(device, message);
      case PROOF:
        this.proof = message.slice(1);
        return undefined;
      case SEND:
        if (readU32(message, 1) === this.seats[device].got + 1) this.#take(device, message.slice(5));
        return undefined;
      case ACK:
        return this.#seen(device, readU32(message, 1));
      case RESUME:
        return this.#resume(device, readU32(message, 17));
      case CLOSE:
        return this.#close(device, message[1]);
      default:
        return this.#say(device, TIME, ...LIFE_SECONDS);
    }
  }
}
