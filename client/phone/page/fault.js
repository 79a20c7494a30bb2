// What went wrong, by its name in client/text/errors.def; the page has the words.

export function fault(id, cause) {
  return Object.assign(new Error(id), { id, cause });
}
