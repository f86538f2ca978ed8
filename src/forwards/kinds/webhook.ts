// Forwards lines as NDJSON: one line as JSON on each line, as `logs export` writes them.
import { lineResult } from '../../logs/serialize.ts'
import { endpoint, type LineKind } from '../forward.ts'
import { post } from '../http.ts'

export const webhook: LineKind = {
  name: 'webhook',
  schemes: ['https', 'http'],
  written: 'https://<address> (lines as NDJSON)',
  async send(lines, target) {
    const { url, headers } = endpoint(target, '')
    const body = lines.map(line => `${JSON.stringify(lineResult(line))}\n`).join('')
    await post(url, body, 'application/x-ndjson', headers)
    return { refused: 0 }
  },
}
