// JSON of Rust's tracing.
import type { Fields, RecordFormat } from '../format.ts'

export const RUST_RECORDS: readonly RecordFormat[] = [
  {
    kind: 'record',
    name: 'tracing-json',
    title: "tracing's JSON: the message and its fields in `fields`",
    names: ['fields', 'target'],
    read: ({ fields, target, span, ...rest }) => {
      if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return null
      return { logger: target, ...rest, ...(fields as Fields), ...(span === undefined ? {} : { current_span: span }) }
    },
    examples: [
      {
        text: '{"timestamp":"2026-11-29T10:00:01.123456Z","level":"ERROR","fields":{"message":"no stock","order":7},"target":"shop::cart","span":{"name":"pay"}}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        source: 'shop::cart',
        attributes: { order: 7, current_span: { name: 'pay' } },
      },
      {
        text: '{"timestamp":"2026-11-29T10:00:01Z","level":"INFO","fields":{"message":"started"},"target":"shop"}',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'started',
      },
    ],
  },
]
