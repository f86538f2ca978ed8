// What is wrong with a database file that cannot be read: a disk that is full or read-only is no damage of the file.
import { type Diagnosis, fails } from '../../diagnosis.ts'
import { storageFailure } from '../../storage-failure.ts'
import { errorMessage } from '../../text.ts'

/** The diagnosis of a file that was opened or read with `error`; `restore` is the remedy when it is damaged. */
export function fileFault(part: string, file: string, error: unknown, restore: string): Diagnosis {
  const message = errorMessage(error)
  switch (storageFailure(error)) {
    case 'unwritable':
    case 'full':
      return fails(
        part,
        `${file} cannot be opened (${message}), so it was not examined.`,
        'SQLite makes files beside it: make the folder writable for this user, with room on the disk, and run "vakt doctor" again.',
      )
    case 'failing':
      return fails(
        part,
        `${file} cannot be read (${message}).`,
        `Look for errors of the disk (dmesg), and copy the folder to another one. ${restore}`,
      )
    case 'locked':
      return fails(
        part,
        `${file} is locked by another program (${message}).`,
        'End that program, and run "vakt doctor" again.',
      )
    default:
      return fails(part, `${file} is damaged (${message}).`, restore)
  }
}
