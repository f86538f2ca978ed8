// A small dispatcher for the tests of this folder, and the Discord platform on the simulator with it.

import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import { type Command, commandsFor, completes, positional } from '../../command/command.ts'
import { findCommand, quoteWord, readArguments, splitWords } from '../../command/command-line.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { type Discord, type DiscordOptions, startDiscord } from '../../testing/discord/discord.ts'
import type { CommandDispatcher, Platform, Reply, Request, Requester } from '../channel.ts'
import { discord as definition } from './definition.ts'
import { createDiscord, type DiscordSettings, type DiscordOptions as PlatformOptions } from './platform.ts'

const command = commandsFor<Requester>()
const say = (title: string) => ({ card: { title, tone: 'plain' as const } })

export const commands: readonly Command<Requester>[] = [
  command({ name: 'status', summary: 'How things are', role: 'viewer', args: {}, run: () => say('All is well') }),
  command({
    name: 'whoami',
    summary: 'Who you are',
    role: 'viewer',
    args: {},
    run: (_args, by) => say(`${by.name} ${by.admin ? 'admin' : 'member'} ${by.groups.join(',')}`.trim()),
  }),
  command({
    name: 'checks add',
    summary: 'Watch something',
    role: 'admin',
    args: {
      every: z.string().optional().describe('How often'),
      name: positional(completes(z.string(), 'check')).describe('What it is called'),
      after: z.int().min(1).max(9).optional().describe('How many misses'),
      loud: z.boolean().optional().describe('Tell everybody'),
    },
    run: args => say(`added ${JSON.stringify(args)}`),
  }),
  command({ name: 'checks list', summary: 'What is watched', role: 'viewer', args: {}, run: () => say('No checks') }),
  command({
    name: 'ack',
    summary: 'Take an alert',
    role: 'responder',
    args: {
      alert: positional(z.number()).describe('Which'),
      note: positional(z.string().max(500).optional()).describe('Why'),
    },
    run: ({ alert, note }, by) => ({
      ...say(`${alert} acked by ${by.name}: ${note ?? '-'}`),
      quiet: note === undefined,
    }),
  }),
  command({
    name: 'card',
    summary: 'A card with buttons',
    role: 'viewer',
    args: { long: z.string().optional().describe('Makes one line long') },
    run: ({ long = '' }) => ({
      card: {
        title: 'Card',
        tone: 'critical',
        buttons: [
          { label: 'Acknowledge', line: 'ack 12', tone: 'primary' },
          { label: 'With note', line: 'ack 12', ask: ['note'] },
          { label: 'Long', line: `ack 12 ${quoteWord(`because ${long}`)}` },
          { label: 'Slow', line: 'slow' },
          { label: 'Slow and quiet', line: 'slow --quiet' },
          { label: 'Runbook', line: '', url: 'https://example.org/runbook' },
        ],
      },
    }),
  }),
  command({
    name: 'slow',
    summary: 'Takes its time',
    role: 'viewer',
    args: {
      fail: z.boolean().optional().describe('Whether it fails in the end'),
      quiet: z.boolean().optional().describe('Whether its card shows the outcome'),
    },
    async run({ fail, quiet = false }) {
      await new Promise(resolve => setTimeout(resolve, 40))
      if (fail) throw new Problem('conflict', 'It came to nothing.')
      return { ...say('done at last'), quiet }
    },
  }),
]

/** What a dispatcher ran, and how its answers are to be shown. */
export interface TestDispatcher extends CommandDispatcher {
  ran: { request: Request; by: Requester }[]
  isPublic: boolean
}

export function makeDispatcher(): TestDispatcher {
  const find = (line: string) => findCommand(commands, splitWords(line))
  const dispatcher: TestDispatcher = {
    commands: commands as unknown as readonly Command<never>[],
    ran: [],
    isPublic: false,
    async run(request, by): Promise<Reply> {
      dispatcher.ran.push({ request, by })
      try {
        const found = find('line' in request ? request.line : 'command' in request ? request.command : '')
        if (!found) throw new Problem('not_found', 'There is no such command.')
        const raw = 'line' in request ? readArguments(found.command, found.rest) : 'args' in request ? request.args : {}
        const { card, quiet = false } = await found.command.run(found.command.parse(raw) as never, by)
        return { ok: true, card, result: null, private: !dispatcher.isPublic, quiet }
      } catch (error) {
        const problem = error as Problem
        return { ok: false, problem, card: { title: 'No', tone: 'warning', lines: [problem.message] }, private: true }
      }
    },
    answerMention: ({ text, under }, by) => dispatcher.run({ line: `mentioned ${under.join(' ')} ${text}` }, by),
    refusalFor: () => null,
    isPrivate: () => !dispatcher.isPublic,
    complete: (argument, typed) => [{ name: `${argument.name}: ${typed}ly`, value: `${typed}ly` }],
    form(line, ask) {
      const found = find(line)
      const named = ask.flatMap(name => found?.command.arguments.filter(one => one.name === name) ?? [])
      return found && { command: found.command as unknown as Command<never>, arguments: named }
    },
    fillForm: (line, values) =>
      [line, ...Object.entries(values).map(([name, value]) => `--${name}=${quoteWord(value)}`)].join(' '),
  }
  return dispatcher
}

/** A logger that keeps its lines, each with the error or the reason that it reports. */
export function keepingLogger(): Logger & { lines: string[] } {
  const lines: string[] = []
  const at = (level: string) => (message: string, facts?: Record<string, unknown>) => {
    const detail = facts?.reason ?? facts?.error
    if (level !== 'debug') lines.push(`${level}: ${message}${detail === undefined ? '' : `: ${detail}`}`)
  }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A clock that runs `factor` times as fast as the real one, so that minutes of waiting pass in a test. */
export function fastClock(factor = 1): Clock {
  const start = Date.now()
  const now = () => start + (Date.now() - start) * factor
  return {
    now,
    at(at, task) {
      const timer = setTimeout(task, Math.max(0, (at - now()) / factor))
      return () => clearTimeout(timer)
    },
  }
}

export interface Stage {
  discord: Discord
  dispatcher: TestDispatcher
  platform: Platform
  logger: ReturnType<typeof keepingLogger>
  close(): Promise<void>
}

/** The settings with which Vakt finds the simulated server. */
export function settingsFor({ token, channelId, apiUrl }: Discord): DiscordSettings {
  return { token, channelId, guildId: null, apiUrl }
}

/** A simulated Discord and Vakt's platform on it, started and online unless `start` is false. */
export async function setStage(
  options: { discord?: DiscordOptions; platform?: Partial<PlatformOptions>; token?: string; start?: boolean } = {},
): Promise<Stage> {
  const discord = await startDiscord(options.discord)
  const dispatcher = makeDispatcher()
  const logger = keepingLogger()
  const settings = { ...settingsFor(discord), ...(options.token && { token: options.token }) }
  const { capabilities } = definition
  const platform = createDiscord({
    settings,
    capabilities,
    dispatcher,
    logger,
    clock: fastClock(),
    ...options.platform,
  })
  const stage: Stage = {
    discord,
    dispatcher,
    platform,
    logger,
    async close() {
      await platform.stop()
      await discord.close()
    },
  }
  if (options.start === false) return stage
  platform.start()
  await discord.until(() => discord.registeredCommands().length > 0, 'registration')
  return stage
}
