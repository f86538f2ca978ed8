// Whether an open file is still in its folder: everything written to a removed file is lost with the process.
import { statSync } from 'node:fs'

/** Returns a function that says whether `file`, as it is now, is gone. Another file in its place counts as gone. */
export function watchPresence(file: string): () => boolean {
  const opened = idOf(file)
  let gone = false
  return () => {
    const id = idOf(file)
    // Some network file systems change the number of a file: only a file that was missing before must have the same one.
    gone = id === null || (gone && id !== opened)
    return gone
  }
}

/** The identity of a file; null when there is none, and empty when it cannot be read just now. */
function idOf(file: string): string | null {
  try {
    const found = statSync(file, { throwIfNoEntry: false })
    return found ? `${found.dev} ${found.ino}` : null
  } catch {
    return ''
  }
}
