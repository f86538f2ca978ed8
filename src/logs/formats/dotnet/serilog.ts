// Serilog's console and files, with its levels of three letters.
import type { Level } from '../../line.ts'
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const LEVELS: { readonly [spelling: string]: Level } = {
  VRB: 'trace',
  DBG: 'debug',
  INF: 'info',
  WRN: 'warn',
  ERR: 'error',
  FTL: 'fatal',
  Verbose: 'trace',
}
const LEVEL = '(?<level>VRB|DBG|INF|WRN|ERR|FTL|Verbose|Debug|Information|Warning|Error|Fatal)'
const CONTEXT = String.raw`(?:\((?<category>[A-Z]\w{0,60}(?:\.[\w+]{1,80}){1,10})(?:\/(?<thread>[^)]{0,60}))?\) |(?<category>[A-Z]\w{0,60}(?:\.[\w+]{1,80}){1,10}): |\[(?<category>[A-Z]\w{0,60}(?:\.[\w+]{1,80}){1,10})\] )?`

export const SERILOG: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'serilog',
    title: 'Serilog (console and files)',
    after: 'time',
    first: '[',
    has: ']',
    pattern: new RegExp(String.raw`^\[${LEVEL}\] ${CONTEXT}${REST}`, 's'),
    levels: LEVELS,
    isGeneral: true,
    examples: [
      { text: '[10:00:01 ERR] no stock', level: 'error', time: '2026-11-29T10:00:01Z', message: 'no stock' },
      { text: '[10:00:01 INF] started', level: 'info', time: '2026-11-29T10:00:01Z', message: 'started' },
      { text: '[10:00:01 FTL] no disk', level: 'fatal', time: '2026-11-29T10:00:01Z', message: 'no disk' },
      { text: '[10:00:01 VRB] t', level: 'trace', time: '2026-11-29T10:00:01Z', message: 't' },
      { text: '[10:00:01.123 WRN] slow', level: 'warn', time: '2026-11-29T10:00:01.123Z', message: 'slow' },
      {
        text: '\u001b[38;5;0242m[10:00:01 \u001b[38;5;0015mDBG\u001b[0m] d',
        level: 'debug',
        time: '2026-11-29T10:00:01Z',
        message: 'd',
      },
      {
        text: '2026-11-29 11:00:01.123 +01:00 [ERR] no stock\nSystem.InvalidOperationException: closed\n   at Shop.Cart.Pay() in /src/Cart.cs:line 42',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        stack: 'System.InvalidOperationException: closed\n   at Shop.Cart.Pay()',
      },
      {
        text: '[10:00:01 ERR] no stock\nSystem.InvalidOperationException: closed\n   at Shop.Cart.Pay()\n[10:00:02 INF] fine',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        stack: 'System.InvalidOperationException: closed\n   at Shop.Cart.Pay()',
      },
      {
        text: '2026-11-29 10:00:01.123 +00:00 [Information] started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
      },
      {
        text: '[10:00:01 ERR] (Shop.Cart) no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        attributes: { category: 'Shop.Cart' },
      },
      {
        text: '[2026-11-29 10:00:01 WRN] Shop.Orders.Cart: slow',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
        attributes: { category: 'Shop.Orders.Cart' },
      },
    ],
  },
]
