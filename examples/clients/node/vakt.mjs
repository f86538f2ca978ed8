// Sends the logs of a Node program to Vakt, without a library. Node 20 or newer, JavaScript and TypeScript.
//   import { createVakt } from './vakt.mjs'
//   const vakt = createVakt({ url: 'http://127.0.0.1:8080', key: process.env.VAKT_KEY, source: 'shop' })
//   vakt.error('payment refused', { order: 7341, error })
//   await vakt.close() // sends what is left now; without it, lines are sent when the program ends
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename } from 'node:path'

const BATCH_LINES = 500
const BATCH_BYTES = 256 * 1024
const MAX_TEXT = 60_000
const MAX_VALUES = 2_000
/** Items of one list; Vakt keeps 256 values of a line. */
const MAX_ITEMS = 200
const MAX_DEPTH = 20
const SAME_REPORT_MS = 60_000
const SHOW_AT_TRY = 4
/** Names that mean the same in the fields of a call as in a line of Vakt. */
const LINE_FIELDS = new Set(['group', 'tags', 'fingerprint', 'trace_id', 'span_id'])
/** The levels of console, npm, syslog, winston and bunyan; pino's and bunyan's numbers are mapped by magnitude. */
const LEVELS = {
  silly: 'trace',
  trace: 'trace',
  verbose: 'debug',
  debug: 'debug',
  http: 'info',
  log: 'info',
  info: 'info',
  notice: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  crit: 'fatal',
  critical: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  fatal: 'fatal',
}

/** A logger that never throws and never ends the program. The options are described in vakt.d.mts. */
export function createVakt(options = {}) {
  const settings = readSettings(options)
  const report = createReporter()
  const sender = createSender(settings, report)
  return createLogger(sender, settings, report, [])
}

function createLogger(sender, settings, report, bound) {
  function log(level, message, fields) {
    try {
      sender.add(encodeLine(settings, level, message, fields, bound))
    } catch (error) {
      report(`a log line was lost: ${textOf(error)}`)
    }
  }
  const at = level => (message, fields) => log(level, message, fields)
  return {
    log,
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: fields => createLogger(sender, settings, report, [...bound, fields]),
    flush: timeoutMs => sender.flush(timeoutMs ?? settings.closeMs),
    close: () => sender.close(settings.closeMs),
  }
}

function readSettings(options) {
  const env = process.env
  const number = (value, variable, initial) => {
    const read = Number(value ?? env[variable] ?? initial)
    return Number.isFinite(read) && read >= 0 ? read : initial
  }
  return {
    url: String(options.url ?? env.VAKT_URL ?? '').replace(/\/+$/, ''),
    key: String(options.key ?? env.VAKT_KEY ?? ''),
    source: String(options.source ?? env.VAKT_SOURCE ?? basename(process.argv[1] ?? 'node')),
    host: String(options.host ?? env.VAKT_HOST ?? hostname()),
    gatherMs: number(options.gatherMs, 'VAKT_GATHER_MS', 1_000),
    retryMs: number(options.retryMs, 'VAKT_RETRY_MS', 500),
    retryMaxMs: number(options.retryMaxMs, 'VAKT_RETRY_MAX_MS', 60_000),
    timeoutMs: number(options.timeoutMs, 'VAKT_TIMEOUT_MS', 10_000),
    closeMs: number(options.closeMs, 'VAKT_CLOSE_MS', 5_000),
    maxLines: number(options.maxLines, 'VAKT_MAX_LINES', 10_000),
    maxBytes: number(options.maxBytes, 'VAKT_MAX_BYTES', 16 * 1024 * 1024),
  }
}

/** Prints on stderr; the same complaint once a minute. Writes synchronously, because a stream can emit an error later. */
function createReporter() {
  let last = ''
  let at = 0
  return (text, key = text) => {
    const now = Date.now()
    if (key === last && now - at < SAME_REPORT_MS) return
    last = key
    at = now
    try {
      writeSync(2, `vakt: ${cut(text, 2_000)}\n`)
    } catch {
      // There is nobody left to show it to.
    }
  }
}

/** What to do when the program ends; one listener for all loggers, because Node warns of many. */
const endings = new Set()
function atEnd(ending) {
  endings.add(ending)
  if (endings.size > 1) return
  for (const event of ['beforeExit', 'exit'])
    process.on(event, () => {
      for (const each of endings) each[event]()
    })
}

// --- Sending ---------------------------------------------------------------------------------------------------------------

function createSender(settings, report) {
  const queue = []
  let queuedBytes = 0
  let dropped = 0
  let timer = null
  let lastReason = 'Vakt does not answer'
  /** The batches that are being sent, with the keys of their requests. */
  let sending = []
  let running = null
  let deadline = Number.POSITIVE_INFINITY
  let hurry = () => {}
  let exiting = false

  atEnd({
    beforeExit: () => {
      if (queue.length > 0 || running !== null) void close(settings.closeMs)
    },
    exit: () => {
      try {
        sendAtExit()
      } catch (error) {
        report(`the last log lines were not sent: ${textOf(error)}`)
      }
    },
  })

  function add(line) {
    const size = Buffer.byteLength(line)
    if (queue.length >= settings.maxLines || queuedBytes + size > settings.maxBytes) {
      if (dropped++ === 0) report(`${queue.length} log lines wait in memory, so new lines are dropped: ${lastReason}`)
      return
    }
    queue.push(line)
    queuedBytes += size
    if (exiting) return
    if (queue.length >= BATCH_LINES || queuedBytes >= BATCH_BYTES) start()
    else timer ??= setTimeout(start, settings.gatherMs).unref()
  }

  function start() {
    clearTimeout(timer)
    timer = null
    running ??= drain().finally(() => {
      running = null
      if (queue.length > 0 && !exiting) timer ??= setTimeout(start, settings.gatherMs).unref()
    })
    return running
  }

  async function drain() {
    while (queue.length > 0) {
      const lines = take()
      try {
        const stored = await send({ id: randomUUID(), lines })
        if (stored && dropped > 0) await reportDropped()
      } catch (error) {
        report(`${lines.length} log lines were lost: ${textOf(error)}`)
      }
    }
  }

  function take() {
    let count = 0
    let size = 0
    while (count < queue.length && count < BATCH_LINES && size < BATCH_BYTES) size += Buffer.byteLength(queue[count++])
    queuedBytes -= size
    return queue.splice(0, count)
  }

  async function reportDropped() {
    const count = dropped
    dropped = 0
    const message = `${count} log lines were dropped, because the queue was full`
    report(message)
    await send({ id: randomUUID(), lines: [encodeLine(settings, 'warn', message, { dropped: count }, [])] })
  }

  /** Tries until Vakt has answered for good; true when the lines are stored. */
  async function send(batch) {
    sending.push(batch)
    try {
      return await sendUntilAnswered(batch)
    } finally {
      sending = sending.filter(other => other !== batch)
    }
  }

  async function sendUntilAnswered(batch) {
    const { lines } = batch
    for (let tries = 1; ; tries++) {
      if (Date.now() >= deadline) {
        report(`${lines.length} log lines were not sent before the end: ${lastReason}`)
        return false
      }
      const { status, body, retryAfterMs } = await post(batch)
      const answer = readAnswer(status, body)
      if (status === 413 && lines.length > 1) {
        const half = lines.length >> 1
        sending = sending.filter(other => other !== batch)
        const first = await send({ id: randomUUID(), lines: lines.slice(0, half) })
        return (await send({ id: randomUUID(), lines: lines.slice(half) })) && first
      }
      if (status !== 0 && status < 500 && ![408, 425, 429].includes(status)) {
        reportRefused(report, answer, status, lines.length)
        return true
      }
      lastReason = answer.words
      if (tries === SHOW_AT_TRY)
        report(`${lines.length + queue.length} log lines wait, trying again: ${lastReason}`, lastReason)
      const backOff = Math.min(settings.retryMaxMs, settings.retryMs * 2 ** Math.min(tries - 1, 20))
      await pause(retryAfterMs ?? backOff * (0.5 + Math.random() / 2), retryAfterMs !== null)
    }
  }

  /** Waits. When the program ends, a pause that Vakt has not asked for is cut short. */
  function pause(ms, asked) {
    return new Promise(resolve => {
      const wait = setTimeout(end, Math.min(ms, deadline - Date.now()))
      // A program that has nothing else to do ends; "beforeExit" then gives the rest a deadline.
      if (deadline === Number.POSITIVE_INFINITY) wait.unref()
      let limit
      hurry = () => {
        wait.ref()
        if (asked) limit = setTimeout(end, deadline - Date.now())
        else end()
      }
      function end() {
        hurry = () => {}
        clearTimeout(wait)
        clearTimeout(limit)
        resolve()
      }
    })
  }

  async function post({ id, lines }) {
    if (settings.url === '' || settings.key === '')
      return { status: 400, body: 'createVakt needs url and key (or VAKT_URL and VAKT_KEY)', retryAfterMs: null }
    const abort = new AbortController()
    const limit = setTimeout(() => abort.abort(), Math.max(50, Math.min(settings.timeoutMs, deadline - Date.now())))
    try {
      const response = await fetch(`${settings.url}/api/logs`, { ...requestOf(id, lines), signal: abort.signal })
      const body = await response.text()
      const location = response.headers.get('location')
      return {
        status: response.status,
        body: response.status >= 300 && location ? `it redirects to ${location}; use that address` : body,
        retryAfterMs: readRetryAfter(response.headers.get('retry-after')),
      }
    } catch (error) {
      if (abort.signal.aborted) return { status: 0, body: 'no answer in time', retryAfterMs: null }
      const reason = textOf(error?.cause?.message || error?.cause?.code || error?.message)
      // An address or a key that cannot be sent never gets better.
      const hopeless = /parse URL|invalid header|ByteString|Only HTTP|unknown scheme/i.test(
        `${reason} ${error?.message}`,
      )
      return { status: hopeless ? 400 : 0, body: hopeless ? `${settings.url}: ${reason}` : reason, retryAfterMs: null }
    } finally {
      clearTimeout(limit)
    }
  }

  function requestOf(id, lines) {
    return {
      method: 'POST',
      redirect: 'manual',
      // Every try has the same key: Vakt stores a batch once, however often it arrives.
      headers: { 'x-api-key': settings.key, 'content-type': 'application/json', 'idempotency-key': id },
      body: `[${lines.join(',')}]`,
    }
  }

  async function flush(timeoutMs) {
    let limit
    const late = new Promise(resolve => {
      limit = setTimeout(resolve, timeoutMs, false)
    })
    try {
      return await Promise.race([start().then(() => queue.length === 0), late])
    } finally {
      clearTimeout(limit)
    }
  }

  async function close(timeoutMs) {
    deadline = Date.now() + timeoutMs
    hurry()
    const sent = await flush(timeoutMs + 100)
    deadline = Number.POSITIVE_INFINITY
    return sent
  }

  /** process.exit() and uncaught errors leave no time for promises: another process sends the rest, within the limit. */
  function sendAtExit() {
    exiting = true
    const batches = [...sending]
    if (Date.now() >= deadline) return
    while (queue.length > 0) batches.push({ id: randomUUID(), lines: take() })
    if (batches.length === 0 || settings.url === '' || settings.key === '') return
    const input = JSON.stringify({
      url: `${settings.url}/api/logs`,
      requests: batches.map(({ id, lines }) => requestOf(id, lines)),
      retryMs: settings.retryMs,
      closeMs: settings.closeMs,
    })
    const env = { ...process.env, NODE_OPTIONS: '', ELECTRON_RUN_AS_NODE: '1' }
    const { stdout } = spawnSync(process.execPath, ['-e', SEND_AT_EXIT], {
      input,
      env,
      timeout: settings.closeMs + 1_000,
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    })
    const counts = batches.map(({ lines }) => lines.length)
    const results = String(stdout ?? '')
      .split('\n')
      .filter(Boolean)
    for (const [index, count] of counts.entries()) {
      const { status = 0, body = 'no answer in time' } = results[index] ? JSON.parse(results[index]) : {}
      const answer = readAnswer(status, body)
      if (status === 0 || status >= 500 || status === 429)
        report(`${count} log lines were not sent before the end: ${answer.words}`)
      else reportRefused(report, answer, status, count)
    }
    if (dropped > 0) report(`${dropped} log lines were dropped, because the queue was full`)
  }

  return { add, flush, close }
}

/** Runs in a process of its own: sends requests one after another, and prints a line with each answer. */
const SEND_AT_EXIT = `
const { url, requests, retryMs, closeMs } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
const end = Date.now() + closeMs
;(async () => {
  for (const request of requests) {
    let last = { status: 0, body: 'no answer in time' }
    for (let tries = 0; Date.now() < end; tries++) {
      let pause = retryMs * 2 ** tries * (0.5 + Math.random() / 2)
      try {
        const response = await fetch(url, { ...request, signal: AbortSignal.timeout(Math.max(50, end - Date.now())) })
        last = { status: response.status, body: await response.text() }
        if (response.status < 500 && ![408, 425, 429].includes(response.status)) break
        pause = Number(response.headers.get('retry-after') ?? pause / 1000) * 1000 || pause
      } catch (error) {
        last = { status: 0, body: String(error.cause?.message || error.message) }
      }
      await new Promise(resolve => setTimeout(resolve, Math.min(pause, Math.max(0, end - Date.now()))))
    }
    console.log(JSON.stringify(last))
  }
})()`

/** What Vakt answered: its words in one line, and how many lines it has not stored. */
function readAnswer(status, body) {
  try {
    const answer = JSON.parse(body)
    const errors = (answer.errors ?? [])
      .slice(0, 3)
      .map(({ field, message }) => (field ? `${field}: ${message}` : message))
    const words = answer.error?.message ?? errors.join('; ')
    return { words: `${status} ${words}`.trim(), rejected: answer.rejected || (answer.errors?.length ?? 0) }
  } catch {
    return { words: `${status || ''} ${cut(String(body), 300).replace(/\s+/g, ' ')}`.trim(), rejected: 0 }
  }
}

function reportRefused(report, { words, rejected }, status, count) {
  const refused = status < 300 ? rejected : rejected || count
  if (refused > 0) report(`${refused} of ${count} log lines were refused: ${words}`, words)
}

function readRetryAfter(header) {
  if (header === null) return null
  const ms = /^\s*[\d.]+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), 3_600_000)
}

// --- Lines -----------------------------------------------------------------------------------------------------------------

function encodeLine({ source, host }, level, message, fields, bound) {
  let text = message
  let own = fields
  // pino's order: fields, then the message.
  if (typeof fields === 'string' && typeof message === 'object' && message !== null) [text, own] = [fields, message]
  const line = { timestamp: new Date().toISOString(), level: readLevel(level), message: '', source, host }
  const attributes = {}
  let error = null
  const add = (name, value) => {
    if (LINE_FIELDS.has(name)) line[name] = value
    else attributes[name] = value
    if (isError(value)) error ??= value
  }
  const addAll = values => {
    if (isError(values)) add('error', values)
    else if (typeof values === 'object' && values !== null && !isList(values) && !ArrayBuffer.isView(values)) {
      try {
        for (const [name, value] of values instanceof Map ? mapEntries(values) : entriesOf(values)) add(name, value)
      } catch {
        add('value', values) // Its names cannot be read.
      }
    } else if (values !== undefined && values !== null) add('value', values)
  }
  for (const values of bound) addAll(values)
  addAll(own)
  if (isError(text)) {
    add('error', text)
    error = text
    line.message = errorText(text)
  } else if (typeof text === 'string') line.message = text
  else if (typeof text === 'object' && text !== null && own === undefined) {
    addAll(text)
    const inner = attributes.message ?? attributes.msg
    line.message = typeof inner === 'string' ? inner : new Values().json(text)
  } else line.message = typeof text === 'object' && text !== null ? new Values().json(text) : textOf(text)
  if (error !== null) line.stack = stackOf(error)
  return new Values(error).json({ ...line, attributes })
}

function readLevel(level) {
  const name = LEVELS[textOf(level).toLowerCase()]
  if (name !== undefined) return name
  const number = typeof level === 'number' ? level : Number.NaN
  if (!(number > 0)) return 'info'
  return number < 20
    ? 'trace'
    : number < 30
      ? 'debug'
      : number < 40
        ? 'info'
        : number < 50
          ? 'warn'
          : number < 60
            ? 'error'
            : 'fatal'
}

/** Writes any value as JSON. A value that cannot be read becomes a text; the line is kept. */
class Values {
  left = MAX_VALUES
  path = new Set()
  /** The error whose whole stack, with those of its causes, is the line's own. */
  main

  constructor(main = null) {
    this.main = main
  }

  json(value, depth = 0) {
    try {
      return this.write(value, depth)
    } catch (error) {
      return JSON.stringify(`[cannot be read: ${wellFormed(cut(textOf(error?.message ?? error), 200))}]`)
    }
  }

  write(value, depth) {
    this.left--
    if (value === null || value === undefined) return 'null'
    if (typeof value === 'string') return JSON.stringify(wellFormed(cut(value)))
    if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`
    if (typeof value === 'boolean') return String(value)
    // A number in JSON may have any length; some readers take a very long one for infinity.
    if (typeof value === 'bigint')
      return value > -(10n ** 300n) && value < 10n ** 300n ? String(value) : `"${cut(String(value))}"`
    if (typeof value === 'symbol') return JSON.stringify(wellFormed(String(value)))
    if (typeof value === 'function')
      return JSON.stringify(`[function ${wellFormed(textOf(value.name)) || 'anonymous'}]`)
    if (depth >= MAX_DEPTH || this.left <= 0) return '"…"'
    if (this.path.has(value)) return '"[circular]"'
    this.path.add(value)
    try {
      return this.writeObject(value, depth + 1)
    } finally {
      this.path.delete(value)
    }
  }

  writeObject(value, depth) {
    if (isError(value)) return this.error(value, depth)
    if (value instanceof Date)
      return JSON.stringify(Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString())
    if (value instanceof Map)
      return this.fields(
        [...value].map(([key, item]) => [keyText(key), item]),
        depth,
      )
    if (value instanceof Set) return this.items([...value], depth)
    if (value instanceof RegExp || value instanceof URL) return JSON.stringify(wellFormed(cut(String(value))))
    if (value instanceof ArrayBuffer) return this.write(Buffer.from(value), depth)
    if (ArrayBuffer.isView(value)) return this.view(value, depth)
    if (value instanceof Number || value instanceof String || value instanceof Boolean || value instanceof BigInt)
      return this.write(value.valueOf(), depth)
    if (isOpaque(value)) return JSON.stringify(`[${value.constructor?.name ?? 'object'}]`)
    if (typeof value.toJSON === 'function') {
      try {
        return this.write(value.toJSON(), depth)
      } catch {
        // Its own fields are better than nothing.
      }
    }
    return isList(value) ? this.items(value, depth) : this.fields(entriesOf(value), depth)
  }

  view(value, depth) {
    if (value instanceof DataView || value instanceof Uint8Array) return JSON.stringify(bytesText(value))
    return this.items(value, depth)
  }

  error(error, depth) {
    const isInMain = this.main !== null && (error === this.main || this.path.has(this.main))
    return this.fields(
      errorFields(error).filter(([name]) => name !== 'stack' || !isInMain),
      depth,
    )
  }

  items(values, depth) {
    const written = []
    for (let index = 0; index < Math.min(values.length, MAX_ITEMS) && this.left > 0; index++)
      written.push(this.json(readItem(values, index), depth))
    if (written.length < values.length) written.push(`"… ${values.length - written.length} more"`)
    return `[${written.join(',')}]`
  }

  fields(entries, depth) {
    const written = []
    const names = new Set()
    for (const [key, value] of entries) {
      if (value === undefined) continue
      if (this.left <= 0) {
        written.push('"…":"…"')
        break
      }
      let name = wellFormed(cut(String(key), 200))
      while (names.has(name)) name += '_'
      names.add(name)
      written.push(`${JSON.stringify(name)}:${this.json(value, depth)}`)
    }
    return `{${written.join(',')}}`
  }
}

function isError(value) {
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
  } catch {
    return false
  }
}

function isOpaque(value) {
  return value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef
}

function isList(value) {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** The own fields of an object; a getter that throws gives a text. */
function entriesOf(value) {
  return Object.keys(value).map(name => {
    try {
      return [name, value[name]]
    } catch (error) {
      return [name, `[cannot be read: ${textOf(error?.message ?? error)}]`]
    }
  })
}

function readItem(values, index) {
  try {
    return values[index]
  } catch (error) {
    return `[cannot be read: ${textOf(error?.message ?? error)}]`
  }
}

function readField(value, name) {
  try {
    return value[name]
  } catch {
    return undefined
  }
}

function errorFields(error) {
  const entries = [
    ['type', textOf(readField(error, 'name') ?? 'Error')],
    ['message', textOf(readField(error, 'message') ?? '')],
    ['stack', readField(error, 'stack')],
  ]
  for (const name of ['cause', 'errors']) if (name in error) entries.push([name, readField(error, name)])
  const known = new Set(['name', 'message', 'stack', 'cause', 'errors'])
  for (const [name, value] of entriesOf(error)) if (!known.has(name)) entries.push([name, value])
  return entries
}

function errorText(error) {
  return textOf(readField(error, 'message') || readField(error, 'name') || 'Error')
}

/** The stack of an error, of its causes, and of the errors that it joins. */
function stackOf(error, seen = new Set()) {
  if (!isError(error)) return textOf(error)
  if (seen.has(error) || seen.size >= 20) return '[circular]'
  seen.add(error)
  let stack = textOf(readField(error, 'stack') || `${readField(error, 'name') ?? 'Error'}: ${errorText(error)}`)
  const cause = readField(error, 'cause')
  if (cause !== undefined && cause !== null) stack += `\nCaused by: ${stackOf(cause, seen)}`
  const errors = readField(error, 'errors')
  if (isList(errors))
    for (const [index, inner] of errors.slice(0, 20).entries())
      stack += `\n  [errors]: ${index + 1}: ${stackOf(inner, seen).replaceAll('\n', '\n  ')}`
  return cut(stack)
}

function bytesText(value) {
  const bytes = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, MAX_TEXT))
  try {
    return cut(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return `base64:${bytes.toString('base64')}`
  }
}

function mapEntries(map) {
  return [...map].map(([key, item]) => [keyText(key), item])
}

function keyText(key) {
  return typeof key === 'object' && key !== null ? new Values().json(key) : textOf(key)
}

/** The text of any value, of those whose toString throws too. */
function textOf(value) {
  try {
    return typeof value === 'object' && value !== null && !isError(value) ? `${value}` : String(value)
  } catch {
    return `[unprintable ${typeof value}]`
  }
}

function wellFormed(text) {
  return text.isWellFormed?.() === false ? text.toWellFormed() : text
}

function cut(text, longest = MAX_TEXT) {
  if (text.length <= longest) return text
  const half = longest >> 1
  return wellFormed(`${text.slice(0, half)}… ${text.length - 2 * half} characters are cut …${text.slice(-half)}`)
}
