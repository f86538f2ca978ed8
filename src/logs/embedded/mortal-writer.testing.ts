// The log writer, but it dies when a batch tells it to.
import { parentPort } from 'node:worker_threads'
import type { Batch } from '../store.ts'
import type { Call } from './workers/worker-protocol.ts'

parentPort!.on('message', ({ name, args }: Call) => {
  if (name !== 'append') return
  for (const { body } of args[0] as Batch[]) if (new TextDecoder().decode(body).includes('DIE NOW')) process.exit(1)
})

await import('./workers/writer.ts')
