// What the error of a database or a file says about the storage: full, failing, not writable, damaged or locked.

export type StorageFailure = 'full' | 'failing' | 'unwritable' | 'damaged' | 'locked'

/** The codes of SQLite (https://sqlite.org/rescode.html; extended codes begin with these) and of the operating system. */
const CODES: readonly [failure: StorageFailure, codes: RegExp][] = [
  ['full', /^(SQLITE_FULL|ENOSPC|EDQUOT|EFBIG)$/],
  ['failing', /^(SQLITE_IOERR|EIO$)/],
  ['unwritable', /^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|EROFS$|EACCES$|EPERM$|ENOENT$|ENOTDIR$|ESTALE$)/],
  ['damaged', /^SQLITE_(CORRUPT|NOTADB|FORMAT)/],
  ['locked', /^SQLITE_(BUSY|LOCKED|PROTOCOL)/],
]

/** The failure of the storage behind an error or its cause; null when the error has another reason. */
export function storageFailure(error: unknown): StorageFailure | null {
  for (let link = error; link instanceof Error; link = link.cause) {
    const code = String((link as { code?: unknown }).code ?? '')
    const known = CODES.find(([, codes]) => codes.test(code))
    if (known) return known[0]
  }
  return null
}
