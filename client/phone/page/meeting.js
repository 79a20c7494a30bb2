// The pump between a transfer, a WebSocket, the clock and whoever listens to its events.

const SUBPROTOCOL = "certrelay.v1";
const CONNECT_MS = 10000;
const LAST_WORDS_MS = 4000;
const TIMER_MAX_MS = 30000;
const WORK_MS = 8; // at once, so that the page stays alive

export class Meeting {
  constructor(transfer, relay, onEvent) {
    this.transfer = transfer;
    this.relay = relay;
    this.onEvent = onEvent;
    this.socket = null;
    this.timer = 0;
    this.connectTimer = 0;
    this.giveUpAt = Infinity;
    this.isClosed = false;
    this.isPumping = false;
  }

  // Everything that touches the transfer goes through here, so that what it wants done is done afterwards.
  do(action) {
    if (this.isClosed) return undefined;
    const result = action ? action(this.transfer) : undefined;
    this.pump();
    return result;
  }

  isOpen() {
    return this.socket !== null && this.socket.readyState === WebSocket.OPEN;
  }

  pump() {
    if (this.isPumping || this.isClosed) return;
    this.isPumping = true;
    try {
      this.tick();
      this.passEvents();
    } finally {
      this.isPumping = false; // a listener's exception must not stop the transfer for good
    }
    if (this.isClosed) return;
    this.connectIfDue();
    this.passOutput();
    this.isOver() ? this.close() : this.arm();
  }

  tick() {
    const until = performance.now() + WORK_MS;
    do this.transfer.tick();
    while (this.transfer.hasWork() && performance.now() < until);
  }

  passEvents() {
    for (let event = this.transfer.event(); event; event = this.transfer.event()) {
      if (event.type === "ended") this.giveUpAt = performance.now() + LAST_WORDS_MS;
      if (event.type === "stale") this.drop(this.socket);
      this.onEvent(event);
      if (this.isClosed) return;
    }
  }

  passOutput() {
    while (this.isOpen()) {
      const message = this.transfer.output();
      if (!message) return;
      this.socket.send(message);
      this.transfer.sent();
    }
  }

  // The last words are out when the relay has answered them, or when it did not in time.
  isOver() {
    if (this.giveUpAt === Infinity) return false;
    return this.transfer.isFinished() || performance.now() >= this.giveUpAt;
  }

  arm() {
    clearTimeout(this.timer);
    const due = Math.min(this.transfer.deadline(), this.transfer.connectAt(), this.giveUpAt);
    const wait = Math.min(Math.max(due - performance.now(), 0), TIMER_MAX_MS);
    this.timer = setTimeout(() => this.pump(), Math.ceil(wait));
  }

  connectIfDue() {
    if (this.transfer.connectAt() <= performance.now()) this.connect();
  }

  connect() {
    this.transfer.connecting();
    const socket = this.openSocket();
    if (!socket) return;
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.opened(socket);
    socket.onmessage = ({ data }) => this.received(socket, data);
    socket.onclose = () => this.drop(socket);
    this.connectTimer = setTimeout(() => this.drop(socket), CONNECT_MS);
  }

  // An address that the browser refuses ends like one that nobody answers.
  openSocket() {
    try {
      return new WebSocket(this.relay, SUBPROTOCOL);
    } catch {
      queueMicrotask(() => this.do((transfer) => transfer.lost(false)));
      return null;
    }
  }

  opened(socket) {
    if (socket !== this.socket) return;
    clearTimeout(this.connectTimer);
    if (socket.protocol !== SUBPROTOCOL) this.drop(socket);
    else this.do((transfer) => transfer.connected());
  }

  received(socket, data) {
    if (socket !== this.socket) return;
    if (data instanceof ArrayBuffer) this.do((transfer) => transfer.input(new Uint8Array(data)));
    else this.drop(socket);
  }

  // Closing handshakes can take long on a dead network, so the socket is forgotten at once.
  drop(socket) {
    if (!socket || socket !== this.socket) return;
    clearTimeout(this.connectTimer);
    this.socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.do((transfer) => transfer.lost(false));
  }

  // The page was suspended, or the network came back.
  wake() {
    if (this.isClosed) return;
    if (this.isOpen()) this.do((transfer) => transfer.probe());
    else if (!this.socket && this.transfer.connectAt() < Infinity) this.do(() => this.connect());
    else this.pump();
  }

  // A frozen page cannot answer, and a silent seat counts as lost sooner than an empty one.
  freeze() {
    if (this.socket && this.giveUpAt === Infinity) this.drop(this.socket);
  }

  close() {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.timer);
    clearTimeout(this.connectTimer);
    if (this.socket) {
      this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
      this.socket.close();
      this.socket = null;
    }
    this.transfer.free();
  }
}
