// Whether a file that is held open is still in its folder: what is written to one that was removed goes with the process.
import { statSync } from 'node:fs'

/** Watches `file` from now on; the function says whether it is gone. Another file put in its place is not it. */
export function watchPresence(file: string): () => boolean {
  const opened = idOf(file)
  let gone = false
  return () => {
    const id = idOf(file)
    // Some network file systems number a file anew: only one that was missing before must be the same.
    gone = id === null || (gone && id !== opened)
    return gone
  }
}

/** Null when there is no such file; one that cannot be asked about just now counts as the one opened. */
function idOf(file: string): string | null {
  try {
    const found = statSync(file, { throwIfNoEntry: false })
    return found ? `${found.dev} ${found.ino}` : null
  } catch {
    return ''
  }
}
