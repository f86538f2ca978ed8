// Commands that there are not: what the person who said one is told.
import { expect, it } from 'vitest'
import { splitWords } from './command-line.ts'
import { unknownCommand } from './unknown-command.ts'

const NAMES = ['ack', 'unack', 'checks add', 'checks list', 'checks show', 'hosts list', 'hosts logs add', 'status']

it.each([
  ['', 'Enter a command. "help" shows all commands.'],
  ['checks', '"checks" needs another word: checks add, checks list, checks show.'],
  ['chekcs list', 'There is no command "chekcs". Did you mean "checks list"? "help" shows all commands.'],
  ['check list nightly', 'There is no command "check". Did you mean "checks list"? "help" shows all commands.'],
  ['check whatever', 'There is no command "check". Did you mean "checks"? "help" shows all commands.'],
  ['checks lsit', 'There is no command "checks lsit". Did you mean "checks list"?'],
  ['checks frobnicate', 'There is no command "checks frobnicate". There is checks add, checks list, checks show.'],
  ['hosts logs ad', 'There is no command "hosts logs". Did you mean "hosts logs add"?'],
  ['STATSU', 'There is no command "statsu". Did you mean "status"? "help" shows all commands.'],
  ['deploy everything', 'There is no command "deploy". "help" shows all commands.'],
])('"%s" is answered with what was meant', (line, sentence) => {
  const commands = NAMES.map(name => ({ name }))
  expect(unknownCommand(commands, splitWords(line))).toMatchObject({ code: 'invalid', message: sentence })
})
