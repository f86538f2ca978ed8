#!/usr/bin/env node
// Starts the terminal client on the Node that Vakt is pinned to, whatever Node runs npx.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 26
const client = fileURLToPath(new URL('./cli.ts', import.meta.url))
const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  process.argv[1] = client
  await import(client)
} else if (existsSync(pinned)) {
  const { status, signal } = spawnSync(pinned, [client, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (signal) process.kill(process.pid, signal)
  process.exitCode = status ?? 1
} else {
  process.stderr.write(
    `vakt needs Node ${OLDEST_NODE}, and this is ${process.version}. Run "npm ci" in the folder of Vakt.\n`,
  )
  process.exitCode = 1
}
