// The terminal as a chat: cards as text, and a prompt for command lines when a person sits at it.
import { createInterface, type Interface } from 'node:readline'
import type { Card } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import { SECOND } from '../../time.ts'
import { cardText } from '../card-text.ts'
import type { CommandDispatcher, Platform, Requester } from '../channel.ts'
import { painter, widthOf } from '../terminal-paint.ts'
import { createChannel } from './channel.ts'
import { completeLine } from './complete-line.ts'

export type TerminalOptions = {
  clock: Clock
  timeZone: string
  input: NodeJS.ReadStream
  output: NodeJS.WriteStream
  /** Called when the person ends the session: Ctrl-D, `exit`, or Ctrl-C twice. */
  onExit(): void
}

export interface Terminal extends Platform {
  /** Prints text above the prompt; a line that is being typed stays as it is. */
  print(text: string): void
  /** Begins to take command lines for `dispatcher`; only a TTY gets a prompt. */
  serve(dispatcher: CommandDispatcher): void
}

const PROMPT = 'vakt> '
/** A second Ctrl-C within this time stops Vakt; the first one clears the line and asks. */
const SECOND_INTERRUPT_MS = 5 * SECOND
const CLEAR_TO_END_OF_SCREEN = '\r\u001b[J'

/** A terminal over two streams; colours follow the stream and NO_COLOR. */
export function createTerminal({ clock, timeZone, input, output, onExit }: TerminalOptions): Terminal {
  const startedAt = clock.now()
  let prompt: Interface | null = null
  let interruptedAt = Number.NEGATIVE_INFINITY

  const print = (text: string) => {
    if (prompt) printAbove(prompt, output, text)
    else output.write(`${text}\n`)
  }
  const show = (card: Card) => {
    const width = widthOf(output)
    const style = { timeZone, now: clock.now(), paint: painter(output), button: buttonText }
    const text = cardText(card, { ...style, ...(width === undefined ? {} : { width }) })
    print(`\n${text}${card.file ? '\nTo save the file, run the same command in a shell: npx vakt --save …' : ''}`)
  }

  return {
    name: 'terminal',
    channels: [createChannel(show)],
    status: () => ({ state: 'online', since: startedAt }),
    start() {},
    print,
    serve(dispatcher) {
      if (!input.isTTY) return
      prompt = createInterface({
        input,
        output,
        prompt: PROMPT,
        completer: (line: string) => completeLine(dispatcher, line, requester()),
      })
      prompt.on('line', line => runLine(dispatcher, line))
      prompt.on('SIGINT', interrupt)
      prompt.on('close', () => {
        prompt = null
        // What is printed from now on begins on a line of its own.
        output.write('\n')
        onExit()
      })
      prompt.prompt()
    },
    async stop() {
      prompt?.removeAllListeners('close')
      prompt?.close()
      prompt = null
    },
  }

  async function runLine(dispatcher: CommandDispatcher, line: string): Promise<void> {
    if (/^\s*(exit|quit)\s*$/.test(line)) return prompt?.close()
    if (line.trim() !== '') show((await dispatcher.run({ line }, requester())).card)
    else prompt?.prompt()
  }

  /** Ctrl-C, which in every shell clears the line; pressed twice it stops Vakt, because then nothing is watched. */
  function interrupt(): void {
    if (!prompt) return
    const isSecond = clock.now() - interruptedAt <= SECOND_INTERRUPT_MS
    if (isSecond) prompt.close()
    else {
      interruptedAt = clock.now()
      clearLine(prompt, output)
      print('Stop Vakt? Then nothing is monitored until it starts again. Ctrl-C again stops it.')
    }
  }
}

/** Prints in the place of the prompt and draws it again below, with the line that is being typed and the cursor in it. */
function printAbove(prompt: Interface, output: NodeJS.WriteStream, text: string): void {
  erasePrompt(prompt, output)
  output.write(`${text}\n`)
  prompt.prompt(true)
}

/** Empties the line that is being typed. */
function clearLine(prompt: Interface, output: NodeJS.WriteStream): void {
  erasePrompt(prompt, output)
  for (const name of ['e', 'u']) prompt.write(null as unknown as string, { ctrl: true, name })
}

/** Takes the prompt off the screen, however many rows the typed line fills. */
function erasePrompt(prompt: Interface, output: NodeJS.WriteStream): void {
  const { rows } = prompt.getCursorPos()
  output.write(`${rows > 0 ? `\u001b[${rows}A` : ''}${CLEAR_TO_END_OF_SCREEN}`)
  // Readline would go up as many rows when it draws the prompt next.
  Object.assign(prompt, { prevRows: 0 })
}

function requester(): Requester {
  const name = process.env.USER ?? process.env.LOGNAME ?? 'terminal'
  return { platform: 'terminal', id: name, name, admin: true, groups: [], interactive: true }
}

function buttonText(label: string, line: string): string {
  return `  ${label}: ${line}`
}
