// vakt-beat runs a job as it would run without it, and sends its start, its end and what it printed.
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from './running.ts'

const VAKT_BEAT = join(import.meta.dirname, '../../examples/vakt-beat')

type Beat = { path: string; query: URLSearchParams; body: string }
let server: Server
let address: string
let beats: Beat[]

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    const { pathname, searchParams } = new URL(request.url!, 'http://x')
    beats.push({ path: pathname, query: searchParams, body })
    response.writeHead(pathname.includes('/unknown') ? 404 : 200).end()
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

function start(...words: string[]): {
  child: ChildProcess
  done: Promise<{ status: number | null; out: string; err: string }>
} {
  beats = []
  const child = spawn(VAKT_BEAT, words, { env: { PATH: process.env.PATH, VAKT: `${address}/ping/secret-key` } })
  let [out, err] = ['', '']
  child.stdout!.on('data', piece => {
    out += piece
  })
  child.stderr!.on('data', piece => {
    err += piece
  })
  return { child, done: new Promise(resolve => child.on('close', status => resolve({ status, out, err }))) }
}

it('output, errors, input and the exit status are those of the job; the beats have its run and what it printed', async () => {
  const { child, done } = start(
    '--create',
    '--period',
    '1d',
    'nightly',
    'sh',
    '-c',
    'cat; echo oh >&2; seq 1 5000; exit 7',
  )
  child.stdin!.end('in\n')
  const { status, out, err } = await done
  expect([status, err]).toEqual([7, 'oh\n'])
  expect(out).toMatch(/^in\n1\n2\n.*\n5000\n$/s)
  expect(beats.map(({ path }) => path)).toEqual(['/ping/secret-key/nightly/start', '/ping/secret-key/nightly/7'])
  const [started, ended] = beats as [Beat, Beat]
  expect(Object.fromEntries(started.query)).toEqual({ rid: ended.query.get('rid'), create: '1', period: '1d' })
  expect(started.query.get('rid')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  expect(ended.query.get('size')).toBe(String(out.length + err.length))
  expect(ended.body).toHaveLength(10_000)
  // Errors go another way, so they may come last.
  expect(ended.body.replace('oh\n', '').endsWith('4999\n5000\n')).toBe(true)
})

it('an unknown check is named with the command that makes it, and the job runs all the same', async () => {
  const { status, out, err } = await start('unknown', 'echo', 'done').done
  expect([status, out]).toEqual([0, 'done\n'])
  expect(err).toBe(
    'vakt-beat: Vakt has no check "unknown", or the ping key is wrong. Make it with: checks add unknown --every 1d, or use --create\n',
  )
})

it('a signal ends the job, and is reported', async () => {
  const { child, done } = start('nightly', 'sh', '-c', 'echo ready; exec sleep 60')
  await new Promise(resolve => child.stdout!.once('data', resolve))
  child.kill('SIGTERM')
  expect((await done).status).toBe(143)
  await until(() => beats.some(({ path }) => path.endsWith('/143')), 'the beat')
})

it('a wrong use is explained, and runs nothing', async () => {
  const { status, out, err } = await start('nightly').done
  expect([status, out]).toEqual([2, ''])
  expect(err).toContain('Usage: vakt-beat')
})
