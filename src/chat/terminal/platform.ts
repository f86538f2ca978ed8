// The terminal as a chat: cards as text, and an interactive prompt when somebody sits at it.
import { createInterface, type Interface } from 'node:readline'
import { styleText } from 'node:util'
import type { Card, Tone } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import { cardText } from '../card-text.ts'
import type { Channel, CommandDispatcher, Platform, Speaker } from '../channel.ts'
import { suggest } from './suggest.ts'

export type TerminalOptions = {
  clock: Clock
  timeZone: string
  input: NodeJS.ReadStream
  output: NodeJS.WriteStream
  /** Called when the person ends the session (Ctrl-D, Ctrl-C or "exit"). */
  onExit(): void
}

export interface Terminal extends Platform {
  readonly name: 'terminal'
  /** Prints text above the prompt. */
  print(text: string): void
  /** Begins to take command lines from `dispatcher`; only a TTY gets a prompt. */
  serve(dispatcher: CommandDispatcher): void
}

type Paint = Parameters<typeof styleText>[0]

const COLOURS: Record<Tone, Paint> = {
  plain: ['bold'],
  good: ['bold', 'green'],
  info: ['bold', 'blue'],
  warning: ['bold', 'yellow'],
  critical: ['bold', 'red'],
  muted: ['bold', 'gray'],
}

const PROMPT = 'vakt> '

/** Whoever sits at it is not known by an account, so nobody confirms an action there. */
const CAPABILITIES = { edits: false, threads: false, pictures: false, mentions: false, interactive: false }

/** A terminal over two streams; colours follow the stream and NO_COLOR. */
export function createTerminal(options: TerminalOptions): Terminal {
  const { clock, output } = options
  const started = clock.now()
  let prompt: Interface | null = null
  let posted = 0

  const print = (text: string) => {
    if (prompt) output.write('\r\u001b[K')
    output.write(`${text}\n`)
    prompt?.prompt(true)
  }
  const show = (card: Card) => {
    const text = cardText(card, { timeZone: options.timeZone, now: clock.now(), paint: painter(output), button })
    print(`\n${text}${card.file ? '\nTo keep the file, say the same in a shell: npx vakt --save …' : ''}`)
  }

  const channel: Channel = {
    id: 'terminal',
    capabilities: CAPABILITIES,
    name: 'Terminal',
    async post(card) {
      show(card)
      return String(++posted)
    },
    async edit(_ref, card) {
      show(card)
    },
    async reply(_ref, card) {
      show(card)
      return String(++posted)
    },
    // What was printed before a crash may have scrolled away: better said twice.
    find: async () => null,
  }

  return {
    name: 'terminal',
    channels: [channel],
    status: () => ({ state: 'online', since: started }),
    start() {},
    print,
    serve(dispatcher) {
      if (!options.input.isTTY) return
      prompt = createInterface({
        input: options.input,
        output,
        prompt: PROMPT,
        completer: (line: string) => suggest(dispatcher, line, speaker()),
      })
      prompt.on('line', line => answer(dispatcher, line))
      prompt.on('close', () => {
        prompt = null
        options.onExit()
      })
      prompt.prompt()
    },
    async stop() {
      prompt?.removeAllListeners('close')
      prompt?.close()
      prompt = null
    },
  }

  async function answer(dispatcher: CommandDispatcher, line: string): Promise<void> {
    if (/^\s*(exit|quit)\s*$/.test(line)) return prompt?.close()
    if (line.trim() !== '') show((await dispatcher.run({ line }, speaker())).card)
    else prompt?.prompt()
  }
}

function speaker(): Speaker {
  const name = process.env.USER ?? process.env.LOGNAME ?? 'terminal'
  return { platform: 'terminal', id: name, name, admin: true, groups: [], interactive: true }
}

function button(label: string, line: string): string {
  return `  ${label}: ${line}`
}

function painter(output: NodeJS.WriteStream) {
  return (text: string, style: 'title' | 'bold' | 'dim', card: Card): string => {
    const paint: Paint = style === 'title' ? COLOURS[card.tone] : style === 'bold' ? ['bold'] : ['dim']
    return styleText(paint, text, { stream: output })
  }
}
