// Plays a transcript, a text of inputs with their answers, and writes it again with the answers of today.
import type { Card } from '../card.ts'
import { cardText } from '../chat/card-text.ts'
import { DeliveryError } from '../chat/channel.ts'
import { startApp, type TestApp, type TestAppOptions } from './app.ts'
import { createRandom, seedCrypto } from './world/random.ts'

/** What differs from run to run, or from machine to machine. */
const RANDOM: readonly [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<uuid>'],
  [/\bvakt_[\w-]{20,}/g, '<secret>'],
  [/\bk_\w{10,}/g, '<key id>'],
  [/(?<=ping\/|Ping key: |"ping_key":"|PING_KEY=)[\w-]{22}/g, '<ping key>'],
  [/(?<![:.\w])[0-9a-f]{16,64}\b/g, '<hash>'],
  [/(?<=time zone data )\w+/g, '<version>'],
  [/(?<=answered in )\d+ ms/g, '<time>'],
  [/(?<="ms":)\d+/g, '<time>'],
  [/\bh[0-9a-z]{17}\b/g, '<line>'],
]
const VIEWER = { admin: false, id: '9', name: 'Vi' }

export type TranscriptOptions = TestAppOptions & {
  names?: Readonly<Record<string, string>>
  further?: Readonly<Record<string, (app: TestApp, rest: string) => Promise<string>>>
}

/**
 * Returns the transcript `text` as the app plays it now. It may begin with the options of the app: `with {…}`. Each input begins a
 * line, and its answer follows, indented; a line that begins with `#` is for readers. The inputs:
 *
 * - `> checks list`: a command line of an admin; `>> …` where buttons can ask back, `viewer> …` of a viewer;
 * - `json> checks list`: the same, answered with the result for scripts;
 * - `+ 25h`: time passes; `beat nightly /fail some output`: a beat; `post /api/alerts {…}`, `get /path`: a request with the admin key;
 * - `answers https://x.example {"ok":false}`: what a probe of that target finds; `internet off`; `fails discord {"code":"limited"}`: how
 *   the next message there fails, until `recovers discord`.
 *
 * Cards that channels receive meanwhile stand after the answer. `names` are words of the inputs that stand for what is known only now,
 * such as an address; `further` are inputs of the test.
 */
export async function playTranscript(
  text: string,
  { names = {}, further = {}, ...options }: TranscriptOptions = {},
): Promise<string> {
  const [first = '', ...others] = text.split('\n').filter(line => /^\S/.test(line))
  const own = first.startsWith('with ') ? (JSON.parse(first.slice('with '.length)) as TestAppOptions) : null
  // Probes are spread over their interval by the ids of their checks, and waits have jitter.
  const random = createRandom(1)
  const restore = seedCrypto(random)
  const { random: chance } = Math
  Math.random = random.next
  try {
    const app = await startApp({ start: '2026-11-28T02:00:00Z', ...options, ...own })
    const played = await playInputs(app, own ? others : [first, ...others], { names, further })
    await app.stop()
    const named = Object.entries(names).map(([name, value]) => [value, name] as const)
    return replaceAll(replaceAll(`${[...(own ? [first] : []), ...played].join('\n')}\n`, named), RANDOM)
  } finally {
    Math.random = chance
    restore()
  }
}

async function playInputs(
  app: TestApp,
  inputs: readonly string[],
  { names, further }: Required<Pick<TranscriptOptions, 'names' | 'further'>>,
): Promise<string[]> {
  const seen = new Map<string, string>()
  const written: string[] = []
  for (const line of inputs) {
    if (line.startsWith('#')) {
      written.push(written.length > 0 ? `\n${line}` : line)
      continue
    }
    const [word = '', ...rest] = line.split(' ')
    const answer = await (further[word]?.(app, rest.join(' ')) ?? play(app, replaceAll(line, Object.entries(names))))
    const body = [answer, ...newCards(app, seen)].filter(part => part !== '').join('\n')
    written.push(body === '' ? line : `${line}\n${indent(body)}`)
  }
  return written
}

function replaceAll(text: string, changes: readonly (readonly [string | RegExp, string])[]): string {
  return changes.reduce((changed, [what, by]) => changed.replaceAll(what, by), text)
}

async function play(app: TestApp, input: string): Promise<string> {
  const [, word, rest = ''] = /^(\S+)\s*(.*)$/s.exec(input)!
  switch (word) {
    case '>':
      return answerOf(app, rest, {})
    case '>>':
      return answerOf(app, rest, { interactive: true })
    case 'viewer>':
      return answerOf(app, rest, VIEWER)
    case 'json>': {
      const reply = await app.says(rest)
      return reply.ok ? writeJson(reply.result) : `${reply.problem.code}: ${reply.problem.message}`
    }
    case '+':
      await app.passes(rest)
      return ''
    case 'beat':
      return beat(app, rest)
    case 'get':
      return request(app, rest, {})
    case 'post': {
      const [, path, body] = /^(\S+)\s*(.*)$/s.exec(rest)!
      return request(app, path!, { method: 'POST', body: body! })
    }
    case 'answers': {
      const [, target, answer] = /^(\S+)\s+(.*)$/s.exec(rest)!
      app.answers.set(target!, JSON.parse(answer!))
      return ''
    }
    case 'fails': {
      const [, id, failure] = /^(\S+)\s+(.*)$/s.exec(rest)!
      const { code, times, kind, ...details } = JSON.parse(failure!)
      channelOf(app, id!).failing(new DeliveryError(code, 'it failed', details), times, kind)
      return ''
    }
    case 'recovers':
      channelOf(app, rest).recovers()
      return ''
    case 'internet':
      app.internet.up = rest === 'on'
      return ''
    default:
      throw new Error(`A transcript has no input "${word}".`)
  }
}

function channelOf(app: TestApp, id: string) {
  return app.channels.find(channel => channel.id === id) ?? app.added(id)
}

async function answerOf(app: TestApp, line: string, speaker: object): Promise<string> {
  const reply = await app.says(line, speaker)
  return reply.ok ? writeCard(app, reply.card) : `${reply.problem.code}: ${reply.problem.message}`
}

async function beat(app: TestApp, words: string): Promise<string> {
  const [, name, suffix = '', body = ''] = /^(\S+)\s*(\/\S*)?\s*(.*)$/s.exec(words)!
  const { check } = await app.result<{ check: { uuid: string } }>(`checks show ${name}`)
  const init = body === '' ? {} : { method: 'POST', body: body.replaceAll('\\n', '\n') }
  const response = await app.request(`/ping/${check.uuid}${suffix}`, init)
  const answer = await response.text()
  return response.status === 200 ? '' : `${response.status} ${answer}`
}

async function request(app: TestApp, path: string, init: { method?: string; body?: string }): Promise<string> {
  const headers = { authorization: 'Bearer admin-key-for-tests', 'content-type': 'application/json' }
  const response = await app.request(path, { ...init, headers })
  return `${response.status} ${(await response.text()).trim()}`
}

/** Cards that are new or changed since they were last looked at, and the replies under them, each with the time it was sent. */
function newCards(app: TestApp, seen: Map<string, string>): string[] {
  return [...app.channels, ...app.addedChannels()].flatMap(({ id, messages, changedAt }) =>
    messages.flatMap(({ ref, card, replies }) =>
      [card, ...replies.map(reply => reply.card)].flatMap((shown, at) => {
        const key = at === 0 ? ref : `${ref}/reply${at - 1}`
        const before = seen.get(key)
        // As it was sent: how long ago something was changes in between.
        const sent = JSON.stringify(shown)
        if (before === sent) return []
        seen.set(key, sent)
        const time = new Date(changedAt.get(key)!).toISOString().slice(11, 19)
        const what = `${time} ${before === undefined ? 'new' : 'edited'} in ${id}${at > 0 ? ', a reply' : ''}`
        return [`[${what}]\n${indent(writeCard(app, shown))}`]
      }),
    ),
  )
}

function writeCard(app: TestApp, card: Card): string {
  const now = app.clock.now()
  const text = cardText(card, { timeZone: 'UTC', now, button: (label, line) => `[${label}: ${line}]` })
  const tone = card.tone === undefined || card.tone === 'plain' ? '' : `(${card.tone}) `
  return `${tone}${text}`
}

function writeJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('},{', '},\n {')
    .replaceAll(/("\w+":\[)\{/g, '$1\n {')
}

function indent(text: string): string {
  return text
    .split('\n')
    .map(line => (line === '' ? '' : `  ${line}`))
    .join('\n')
}
