// JSON and logfmt of log15, Grafana and go-ethereum.
import type { RecordFormat } from '../format.ts'

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

export const GO_RECORDS: readonly RecordFormat[] = [
  {
    kind: 'record',
    name: 'log15-record',
    title: 'log15, Grafana, go-ethereum: the time is `t`',
    names: ['t', 'msg'],
    read: ({ t, lvl, ...rest }) =>
      typeof t === 'string' && ISO_TIME.test(t)
        ? { ...rest, timestamp: t, ...(lvl === undefined ? {} : { level: lvl }) }
        : null,
    examples: [
      {
        text: 'logger=context userId=0 orgId=1 t=2026-11-29T10:00:01.123456789Z level=error msg="no stock" remote_addr=10.0.0.1',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        source: 'context',
        attributes: { remote_addr: '10.0.0.1' },
      },
      {
        text: '{"lvl":"warn","msg":"slow","t":"2026-11-29T11:00:01.123456+01:00","peer":"a1"}',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
        attributes: { peer: 'a1' },
      },
    ],
  },
]
