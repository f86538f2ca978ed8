// Tab completion at the prompt: command names, then flags, then what the arguments offer.
import { findCommand, quoteWord, splitWords, type Word } from '../../command/command-line.ts'
import type { CommandDispatcher, Speaker } from '../channel.ts'

/** The endings of `line` that fit and the part of it that they replace, as readline wants them. */
export function suggest(dispatcher: CommandDispatcher, line: string, speaker: Speaker): [string[], string] {
  const typed = /(\S*)$/.exec(line)?.[1] ?? ''
  let words: Word[]
  try {
    words = splitWords(line.slice(0, line.length - typed.length))
  } catch {
    return [[], line]
  }
  const found = findCommand(dispatcher.commands, words)
  if (!found) return [commandNames(dispatcher, line), line]
  const flags = found.command.arguments.filter(argument => !argument.positional)
  if (typed.startsWith('-')) return [flags.map(flag => `--${flag.name} `).filter(name => name.startsWith(typed)), typed]
  const flag = flags.find(one => one.kind !== 'flag' && found.rest.at(-1)?.raw === `--${one.name}`)
  const argument = flag ?? found.command.arguments.filter(one => one.positional)[found.rest.length]
  const deeper = commandNames(dispatcher, line)
  if (!argument) return [deeper, deeper.length > 0 ? line : typed]
  const values = dispatcher.complete(argument, typed, speaker).map(choice => `${quoteWord(choice.value)} `)
  return values.length > 0 ? [values, typed] : [deeper, deeper.length > 0 ? line : typed]
}

function commandNames(dispatcher: CommandDispatcher, line: string): string[] {
  const begun = line.trimStart().toLowerCase()
  return dispatcher.commands.map(command => `${command.name} `).filter(name => name.startsWith(begun))
}
