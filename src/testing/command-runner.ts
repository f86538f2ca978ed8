// Runs commands over a state in memory and the parts that a test gives, without an app around them.
import type { Context } from '../../commands/context.ts'
import { commands } from '../../commands/index.ts'
import type { Card } from '../card.ts'
import { cardText } from '../chat/card-text.ts'
import { PLATFORMS } from '../chat/platforms.ts'
import type { Answer, Command } from '../command/command.ts'
import { findCommand, readArguments, splitWords } from '../command/command-line.ts'
import { readConfig } from '../config/config.ts'
import { addProject, FIRST_PROJECT } from '../projects/projects.ts'
import { createVault } from '../projects/vault.ts'
import { memoryState, type State } from '../state/database.ts'
import { Rejections } from '../telemetry.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

export type CommandRunner = {
  state: State
  clock: FakeClock
  /** The context of a command that is run now. */
  context(also?: object): Context
  /** Runs a command line; `also` replaces parts of the context for this one. */
  run(line: string, also?: object): Promise<Answer>
  /** The answer as people read it: its tone, its card as text with the buttons, or the message of its problem. */
  text(line: string, also?: object): Promise<string>
  /** The answer for scripts. */
  result<T>(line: string, also?: object): Promise<T>
}

/** A runner of commands whose context has the given parts, beside a state, a fake clock, a configuration and an admin in a chat. */
export function createCommandRunner(given: object = {}): CommandRunner {
  const state = memoryState()
  const clock = createFakeClock(NOW)
  addProject(state, FIRST_PROJECT, NOW)
  const base = {
    ...{ state, clock, store: null, interactive: false, place: null, publicUrl: 'http://vakt.test' },
    by: { platform: 'discord', id: '1', name: 'Ann', role: 'admin' },
    config: readConfig({ TZ: 'UTC' }),
    platforms: PLATFORMS,
    vault: createVault(Buffer.alloc(32, 7)),
    parts: { rejections: new Rejections(), channel: () => undefined, channelOf: () => undefined },
    ...given,
  }
  const context = (also: object = {}) => ({ ...base, now: clock.now(), ...also }) as unknown as Context
  const run = async (line: string, also: object = {}): Promise<Answer> => {
    const { command, rest } = findCommand(commands as readonly Command<never>[], splitWords(line))!
    const args = command.parse(readArguments(command, rest))
    return command.run(args as never, context(also) as never)
  }
  return {
    state,
    clock,
    context,
    run,
    text: (line, also) =>
      run(line, also).then(
        ({ card }) => writeCard(card, clock.now()),
        (error: Error) => error.message,
      ),
    result: async <T>(line: string, also?: object) => (await run(line, also)).result as T,
  }
}

/** A card as people read it, after its tone. */
export function writeCard(card: Card, now = NOW): string {
  const text = cardText(card, { timeZone: 'UTC', now, button: (label, line) => `[${label}: ${line}]` })
  return `(${card.tone}) ${text}`
}
