// JSON of .NET's own console.
import type { RecordFormat } from '../format.ts'

export const DOTNET_RECORDS: readonly RecordFormat[] = [
  {
    kind: 'record',
    name: 'dotnet-json-console',
    title: ".NET's JSON console",
    names: ['LogLevel', 'Category'],
    read: ({ LogLevel, Category, Exception, ...rest }) => ({
      ...rest,
      level: typeof LogLevel === 'number' ? LEVELS[LogLevel] : LogLevel,
      category: Category,
      ...(Exception === undefined || Exception === '' ? {} : { stack: Exception }),
    }),
    examples: [
      {
        text: '{"Timestamp":"2026-11-29T10:00:01.123Z","EventId":7,"LogLevel":"Error","Category":"Shop.Cart","Message":"no stock","State":{"Order":7}}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { category: 'Shop.Cart', EventId: 7 },
      },
      {
        text: '{"EventId":0,"LogLevel":"Critical","Category":"Shop.Cart","Message":"lost","Exception":"System.Exception: x\\n   at Shop.Cart.Pay()"}',
        level: 'fatal',
        time: null,
        message: 'lost',
        stack: 'System.Exception: x\n   at Shop.Cart.Pay()',
      },
      { text: '{"LogLevel":2,"Category":"Shop","Message":"fine"}', level: 'info', time: null, message: 'fine' },
      { text: '{"LogLevel":4,"Category":"Shop","Message":"bad"}', level: 'error', time: null, message: 'bad' },
    ],
  },
]

/** The numbers of Microsoft.Extensions.Logging. */
const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'info']
