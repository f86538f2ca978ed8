// Fills the hashes that npm leaves out of package-lock.json: `node .ci/lock-integrity.mjs`, after every change of a dependency.
// Without a hash, npm ci takes whatever the registry sends. Addresses are left out, so that any registry can serve the packages.
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)
const AT_ONCE = 8
const FILES = ['../package-lock.json', '../proof/clients/package-lock.json', '../proof/pictures/package-lock.json']

async function fill(missing) {
  for (let next = missing.pop(); next; next = missing.pop()) {
    const [path, entry] = next
    const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const { stdout } = await run('npm', ['view', `${name}@${entry.version}`, 'dist.integrity'])
    const integrity = stdout.trim()
    if (!integrity.startsWith('sha512-'))
      throw new Error(`The registry has no sha512 hash of ${name}@${entry.version}.`)
    entry.integrity = integrity
  }
}

for (const name of FILES) {
  const file = new URL(name, import.meta.url)
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '')
  const missing = entries.filter(([, entry]) => !entry.integrity && !entry.link)
  for (const [, entry] of entries) delete entry.resolved
  const count = missing.length
  await Promise.all(Array.from({ length: AT_ONCE }, () => fill(missing)))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  process.stdout.write(`${name.slice(3)}: ${count} hashes filled; all ${entries.length} packages have one.\n`)
}
