// Who owns what root makes in a data folder: "sudo npx vakt restore" must not leave files that the server cannot write.
import { lchownSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Gives what root made in `folder` under these names, with everything in it, to the owner of the folder; for other users nothing. */
export function giveToOwner(folder: string, names: readonly string[]): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = lstatSync(folder)
  if (uid === 0) return
  for (const name of names) {
    const path = join(folder, name)
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (!found) continue
    lchownSync(path, uid, gid)
    if (!found.isDirectory()) continue
    for (const inner of readdirSync(path, { recursive: true, encoding: 'utf8' }))
      lchownSync(join(path, inner), uid, gid)
  }
}
