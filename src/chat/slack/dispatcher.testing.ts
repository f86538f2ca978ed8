// A small dispatcher for the tests of this folder: a few commands that say what they were asked, and by whom.
import { z } from 'zod'
import type { Card } from '../../card.ts'
import { type Command, commandsFor, completes, positional } from '../../command/command.ts'
import { findCommand, quoteWord, readArguments, splitWords } from '../../command/command-line.ts'
import { Problem } from '../../problem.ts'
import type { CommandDispatcher, Reply, Requester } from '../channel.ts'

const command = commandsFor<Requester>()
const say = (title: string, more: Partial<Card> = {}) => ({ card: { title, tone: 'plain' as const, ...more } })

const commands: readonly Command<Requester>[] = [
  command({ name: 'help', summary: 'Help', role: 'viewer', args: {}, run: () => say('All commands') }),
  command({
    name: 'whoami',
    summary: 'Who you are',
    role: 'viewer',
    args: {},
    run: (_args, by) => say(`${by.name} ${by.admin ? 'admin' : 'member'}`),
  }),
  command({
    name: 'ack',
    summary: 'Acknowledge',
    role: 'responder',
    args: {
      alert: positional(z.coerce.number()).describe('which'),
      note: positional(z.string().min(4, 'must have at least 4 characters').max(40).optional()).describe('Why'),
      mood: z.enum(['calm', 'worried']).optional().describe('How it feels'),
      host: completes(z.string().optional(), 'hosts').describe('Where'),
      loud: z.boolean().optional().describe('Tell everybody'),
    },
    run: (args, by) => ({ ...say(`ack ${JSON.stringify(args)} by ${by.id}`), quiet: args.note === undefined }),
  }),
  command({
    name: 'export',
    summary: 'Send a file',
    role: 'viewer',
    args: {},
    run: () => say('Exported', { file: { name: 'lines.txt', content: Buffer.from('one\ntwo') } }),
  }),
  command({
    name: 'menu',
    summary: 'Offer a button',
    role: 'viewer',
    args: {},
    run: () => say('What next?', { buttons: [{ label: 'Who am I', line: 'whoami' }] }),
  }),
  command({ name: 'status', summary: 'Status', role: 'viewer', args: {}, run: () => say('All is well') }),
]

/** The dispatcher, and what it ran; `hold` makes the next commands wait until it is released. */
export function createTestDispatcher() {
  const ran: { line: string; by: Requester }[] = []
  let gate: Promise<void> = Promise.resolve()
  const isPrivate = (line: string) => !line.startsWith('status')
  const find = (line: string) => findCommand(commands, splitWords(line))

  const dispatcher: CommandDispatcher = {
    commands: commands as unknown as readonly Command<never>[],
    async run(request, requester): Promise<Reply> {
      const line = 'line' in request ? request.line : 'command' in request ? request.command : ''
      ran.push({ line, by: requester })
      await gate
      try {
        const found = find(line)
        if (found === null) throw new Problem('not_found', `There is no command "${line}".`)
        const args = found.command.parse(readArguments(found.command, found.rest))
        const { card, quiet = false } = await found.command.run(args as never, requester)
        return { ok: true, card, result: null, private: isPrivate(line), quiet }
      } catch (error) {
        const problem = error as Problem
        return { ok: false, problem, card: { title: problem.message, tone: 'warning' }, private: true }
      }
    },
    answerMention: ({ text, under }, by) => dispatcher.run({ line: `mentioned ${under.join(' ')} ${text}` }, by),
    refusalFor: () => null,
    isPrivate: request => isPrivate('line' in request ? request.line : 'command' in request ? request.command : ''),
    complete: (_argument, typed) =>
      ['api-1', 'api-2'].filter(name => name.includes(typed)).map(name => ({ name, value: name })),
    form(line, ask) {
      const found = find(line)
      if (found === null) return null
      const wanted = ask.flatMap(name => found.command.arguments.filter(argument => argument.name === name))
      return { command: found.command as unknown as Command<never>, arguments: wanted }
    },
    fillForm: (line, values) =>
      Object.entries(values).reduce((filled, [name, value]) => `${filled} --${name}=${quoteWord(value)}`, line),
  }
  return {
    dispatcher,
    ran,
    /** Holds every command until the returned function is called. */
    hold(): () => void {
      let release = () => {}
      gate = new Promise(resolve => {
        release = resolve
      })
      return release
    },
  }
}
