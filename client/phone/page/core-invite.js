// An invitation that lies in the module's memory.

// What was typed or scanned. Wiped by free(), or when nobody holds it any longer.
export class Invite {
  constructor(core, at) {
    this.core = core;
    this.at = at;
  }

  free() {
    if (!this.at) return;
    this.core.exports.core_free(this.at);
    this.core.forgotten.unregister(this);
    this.at = 0;
  }
}
