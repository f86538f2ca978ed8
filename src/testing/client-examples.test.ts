// The programs in examples/clients do what they say: their lines arrive in a real Vakt, a busy server included.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newFolder, type Running, startVakt } from './running.ts'

const CLIENTS = join(import.meta.dirname, '../../examples/clients')
const LINES = 700
const ADMIN_KEY = 'admin-key-for-process-tests'
const folder = newFolder()
let vakt: Running
let key: string

beforeAll(async () => {
  writeFileSync(join(folder.path, 'admin.key'), `${ADMIN_KEY}\n`)
  vakt = await startVakt(folder.path, { ADMIN_KEY: '' })
  key = (await vakt.command<{ key: { secret: string } }>('keys create default')).key.secret
})

afterAll(async () => {
  await vakt.stop()
  folder.remove()
})

const PROGRAMS: [name: string, needs: string, file: string, program: () => string][] = [
  [
    'node',
    'node',
    'a.mjs',
    () => `import { createVakt } from '${CLIENTS}/vakt.mjs'
const vakt = createVakt({ url: '${vakt.url}', key: '${key}', source: 'node' })
for (let i = 1; i < ${LINES}; i++) vakt.log('info', 'line ' + i, { i })
vakt.log('error', 'payment refused', { order: 7341 })
await vakt.close()`,
  ],
  [
    'python',
    'python3',
    'a.py',
    () => `import logging, sys
sys.path.insert(0, '${CLIENTS}')
sys.dont_write_bytecode = True
import vakt_logging
log = logging.getLogger()
log.setLevel(logging.INFO)
log.addHandler(vakt_logging.VaktHandler('${vakt.url}', '${key}', source='python'))
for i in range(1, ${LINES}): log.info('line %d', i, extra={'i': i})
log.error('payment refused', extra={'order': 7341})`,
  ],
  [
    'bash',
    'bash',
    'a.sh',
    () => `export VAKT_URL='${vakt.url}' VAKT_KEY='${key}'
{ for i in $(seq ${LINES - 1}); do echo "line $i"; done; printf 'ERROR payment refused order=7341'; } | '${CLIENTS}/vakt-log.sh' bash`,
  ],
]

it.each(PROGRAMS)('%s', async (name, needs, file, program) => {
  if (spawnSync(needs, ['--version']).error) return
  const path = join(folder.path, file)
  writeFileSync(path, program())
  const { status, stderr } = spawnSync(needs, [path], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  type Found = { total: number; logs: { level: string; message: string }[] }
  expect((await vakt.command<Found>(`logs search source:${name}`)).total).toBe(LINES)
  const { logs } = await vakt.command<Found>(`logs search source:${name} level:error`)
  expect(logs.map(line => line.message)).toEqual([expect.stringContaining('payment refused')])
})

it('an admin key that was there before the first start is not printed', () => {
  expect(vakt.printed()).toContain(`admin key      the one in ${join(folder.path, 'admin.key')}`)
  expect(vakt.printed()).not.toContain(ADMIN_KEY)
})
