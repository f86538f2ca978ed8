// Programs of Debian: those on the path, else unpacked from their packages into a temporary folder, without installing them.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where a program is: its file, the folder that it is unpacked in (`/` when it is installed), and its environment. */
export type Program = { file: string; root: string; env: Record<string, string | undefined> }

/** A program, or null where neither the path nor apt has it. Its packages are unpacked in a folder of the name `set`. */
export function findProgram(name: string, packages: readonly string[], set = name): Program | null {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'])
    if (existsSync(join(folder, name))) return { file: join(folder, name), root: '/', env: process.env }
  const root = join(tmpdir(), 'vakt-proof-clients', set)
  try {
    if (!existsSync(join(root, 'usr'))) unpack(root, packages)
  } catch {
    return null
  }
  const file = ['usr/sbin', 'usr/bin'].map(folder => join(root, folder, name)).find(existsSync)
  if (file === undefined) return null
  const libraries = [`usr/lib/${architecture()}`, `lib/${architecture()}`, 'usr/lib/syslog-ng']
  return {
    file,
    root,
    env: { ...process.env, LD_LIBRARY_PATH: libraries.map(path => join(root, path)).join(delimiter) },
  }
}

/** The folder of the modules of a program, below the folder of its architecture or beside it. */
export function modulesOf({ root }: Program, name: string): string {
  const folders = [join(root, 'usr/lib', architecture(), name), join(root, 'usr/lib', name)]
  return folders.find(existsSync) ?? folders[0]!
}

function unpack(root: string, packages: readonly string[]): void {
  mkdirSync(root, { recursive: true })
  execFileSync('apt-get', ['download', ...packages], { cwd: root, stdio: 'ignore' })
  for (const file of readdirSync(root).filter(name => name.endsWith('.deb')))
    execFileSync('dpkg', ['-x', file, root], { cwd: root, stdio: 'ignore' })
}

function architecture(): string {
  return process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
}
