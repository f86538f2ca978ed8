// The bodies of pings: no beat is ever lost to its body, and keywords in it decide only what the URL leaves open.
import { describe, expect, it } from 'vitest'
import type { Beat } from '../../checks/beats.ts'
import { listBeats } from '../../checks/beats.ts'
import { startPings } from '../../testing/pings.ts'

const LIMIT = 100_000
const MB = 1024 * 1024

const post = (body: string | Uint8Array<ArrayBuffer>): RequestInit => ({ method: 'POST', body })

/** A body that comes in chunks and, when `breaksOff`, ends in an error instead of an end. */
function streamed(chunks: Iterable<Uint8Array>, breaksOff = false): RequestInit {
  const iterator = chunks[Symbol.iterator]()
  const body = new ReadableStream({
    pull(controller) {
      const { value, done } = iterator.next()
      if (!done) controller.enqueue(value)
      else if (breaksOff) controller.error(new Error('the connection was reset'))
      else controller.close()
    },
  })
  return { method: 'POST', body, duplex: 'half' } as RequestInit
}

function* zeros(megabytes: number) {
  for (let i = 0; i < megabytes; i++) yield new Uint8Array(MB)
}

/** What is stored of the only beat, byte by byte. */
async function stored(started: Awaited<ReturnType<typeof startPings>>): Promise<Beat> {
  const { id } = started.app.state.prepare<[], { id: number }>('select id from checks').get()!
  const [beat, ...more] = listBeats(started.app.state, id, 10)
  expect(more).toEqual([])
  return beat!
}

describe('a body', () => {
  it('4: of a POST is kept', async () => {
    const { ping, beats } = await startPings()
    expect((await ping('', post('hello world'))).status).toBe(200)
    expect((await beats())[0]).toMatchObject({ method: 'POST', body: 'hello world', body_bytes: 11 })
  })

  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('of %s is kept too', async method => {
    const { ping, beats } = await startPings()
    await ping('', { method, body: 'hello' })
    expect((await beats())[0]).toMatchObject({ method, body: 'hello' })
  })

  it.each([
    [LIMIT - 1, LIMIT - 1],
    [LIMIT, LIMIT],
    [LIMIT + 1, LIMIT],
    [3 * MB, LIMIT],
  ])('25: of %i bytes is kept to %i, and its length is told', async (length, kept) => {
    const started = await startPings()
    const response = await started.ping('', post(new Uint8Array(length).fill(65)))
    expect([response.status, response.headers.get('ping-body-limit')]).toEqual([200, '100000'])
    const beat = await stored(started)
    expect(beat.bodyBytes).toBe(length)
    expect(beat.body!.length).toBeLessThanOrEqual(kept)
    expect(beat.body!.length).toBeGreaterThan(kept - 64)
  })

  it('25: of 30 MB in chunks with no length told beforehand counts as a beat as well', async () => {
    const started = await startPings()
    expect((await started.ping('/fail', streamed(zeros(30)))).status).toBe(200)
    expect(await started.check()).toMatchObject({ status: 'down' })
    const beat = await stored(started)
    expect(beat.bodyBytes).toBe(30 * MB)
    expect(beat.body!.length).toBeLessThanOrEqual(LIMIT)
  })

  it('that never ends is not listened to for ever, and the beat counts', async () => {
    const started = await startPings()
    expect((await started.ping('', streamed(zeros(1000)))).status).toBe(200)
    expect((await stored(started)).bodyBytes).toBeLessThanOrEqual(70 * MB)
  })

  it('that breaks off counts with what came of it', async () => {
    const started = await startPings()
    const half = [Buffer.from('line 1\nline'), Buffer.from(' 2')]
    expect((await started.ping('/7', streamed(half, true))).status).toBe(200)
    expect((await stored(started)).body!.toString()).toBe('line 1\nline 2')
    expect(await started.check()).toMatchObject({ status: 'down' })
  })

  it('29: that is not UTF-8 is kept byte for byte', async () => {
    const started = await startPings()
    const bytes = Buffer.from([0x48, 0xe9, 0xff, 0x00, 0x57])
    expect((await started.ping('', post(bytes))).status).toBe(200)
    expect([...(await stored(started)).body!]).toEqual([...bytes])
    expect((await started.beats())[0]!.body).toBe('H\ufffd\ufffd\u0000W')
  })

  it('that is empty is none', async () => {
    const { ping, beats } = await startPings()
    await ping('', post(''))
    expect((await beats())[0]).toMatchObject({ body: null, body_bytes: 0 })
  })
})

describe('keywords', () => {
  const all = '--start-keywords START --success-keywords "SUCCESS, done" --failure-keywords FAIL'

  it.each([
    ['31: success', all, '', 'it was a SUCCESS!', 'success'],
    ['31: the second of them, trimmed', all, '', 'all done', 'success'],
    ['31: failure', all, '', 'FAIL!', 'fail'],
    ['31: start', all, '', 'STARTING', 'start'],
    ['31: none', all, '', 'hello world', 'ignored'],
    ['31: none in an empty body', all, '', '', 'ignored'],
    ['31: in another case', all, '', 'success', 'ignored'],
    ['31: failure before success', all, '', 'SUCCESS, then FAIL', 'fail'],
    ['31: success before start', all, '', 'START ... SUCCESS', 'success'],
    ['31: none, with failure as the default', `${all} --default-fail`, '', 'no keywords', 'fail'],
    ['31: one, with failure as the default', `${all} --default-fail`, '', 'done', 'success'],
    ['only empty ones between commas', '--success-keywords ", ,"', '', 'anything', 'ignored'],
    ['a start by its URL', all, '/start', 'SUCCESS', 'success'],
    ['a log line by its URL', all, '/log', 'FAIL', 'fail'],
    ['exit status 0', all, '/0', 'FAIL', 'fail'],
    ['an explicit failure stays one', all, '/fail', 'SUCCESS', 'fail'],
    ['a bad exit status stays a failure', all, '/2', 'SUCCESS START', 'fail'],
  ])('%s', async (_, flags, suffix, body, kind) => {
    const { ping, beats } = await startPings(`job ${flags}`)
    expect((await ping(suffix, post(body))).status).toBe(200)
    expect((await beats())[0]).toMatchObject({ kind })
  })

  it('27: yield to manual resume', async () => {
    const { app, ping, check, beats } = await startPings(
      'job --manual-resume --success-keywords SUCCESS --default-fail',
    )
    await app.result('checks pause job')
    await ping('', post('SUCCESS!'))
    await ping('', post('nothing'))
    await ping('/fail')
    await ping('/start')
    expect((await beats()).map(beat => beat.kind)).toEqual(Array(4).fill('ignored'))
    expect(await check()).toMatchObject({ status: 'paused', started: false, down_at: null })
  })

  it('are found in a body that is not UTF-8', async () => {
    const { ping, beats } = await startPings('job --success-keywords SUCCESS')
    const body = Buffer.concat([Buffer.from([0xe9, 0xff]), Buffer.from('SUCCESS'), Buffer.from([0xc3])])
    expect((await ping('', post(body))).status).toBe(200)
    expect((await beats())[0]).toMatchObject({ kind: 'success' })
  })

  it('are found in a body that is cut, in whole characters', async () => {
    const started = await startPings('job --success-keywords SUCCESS')
    const body = `SUCCESS${'a'.repeat(LIMIT - 8)}é and more`
    expect((await started.ping('', post(body))).status).toBe(200)
    const beat = await stored(started)
    expect(beat.kind).toBe('success')
    expect(beat.body!.toString('utf8')).not.toContain('\ufffd')
  })

  it('are not looked for in what is not kept', async () => {
    const { ping, beats } = await startPings('job --failure-keywords FAIL --success-keywords ok')
    await ping('', post(`ok${' '.repeat(LIMIT)}FAIL${' '.repeat(LIMIT)}`))
    expect((await beats())[0]).toMatchObject({ kind: 'success' })
    await ping('', post(`ok${' '.repeat(LIMIT)}FAIL`))
    expect((await beats())[0]).toMatchObject({ kind: 'fail' })
  })
})

describe('the output of a failed job', () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} äöü of a long output`)
  const output = [...lines, 'ERROR: disk full at the very end', ''].join('\n')

  it('is kept at both ends, in whole characters, and the card quotes its true last line', async () => {
    const started = await startPings()
    await started.ping('/1', post(output))
    const text = (await stored(started)).body!.toString('utf8')
    expect(text).not.toContain('\ufffd')
    expect(text.startsWith('line 0 ')).toBe(true)
    const [, leftOut] = /\n… ([\d,]+) bytes left out …\n/.exec(text)!
    const shown = Buffer.byteLength(text.replace(/\n… [\d,]+ bytes left out …\n/, ''))
    expect(Number(leftOut!.replaceAll(',', '')) + shown).toBe(Buffer.byteLength(output))
    expect(started.app.cardText()).toContain('ERROR: disk full at the very end')
    const button = started.app.channel.messages[0]!.card.buttons!.find(({ label }) => label === 'Output')!
    const answer = await started.app.says(button.line)
    const { card } = answer as Extract<typeof answer, { ok: true }>
    expect(card.code!.text.endsWith('ERROR: disk full at the very end')).toBe(true)
    expect(Buffer.from(card.file!.content).toString()).toContain('line 0 ')
    expect(await started.app.answerText('checks beats job')).toContain('ERROR: disk full at the very end')
  })

  it('is small where PING_BODY_LIMIT says so, and old ones go when a check has 2 MB of them', async () => {
    const small = await startPings('job', undefined, { PING_BODY_LIMIT: '0' })
    expect((await small.ping('/fail', post('hello'))).headers.get('ping-body-limit')).toBe('0')
    expect(await small.beats()).toMatchObject([{ body: null, body_bytes: 5 }])
    expect(await small.app.answerText('checks output job')).toContain('No beat of "job" has sent any output')
    const large = await startPings()
    for (let i = 0; i < 25; i++) await large.ping('', post('x'.repeat(99_000)))
    const beats = await large.beats()
    expect(beats.map(({ body }) => body !== null)).toEqual(Array.from({ length: 25 }, (_, i) => i < 20))
    expect(await large.app.answerText(`checks output job --beat ${beats.at(-1)!.id}`)).toContain(
      'no output that is still stored',
    )
  })
})
