// Addresses that lead back to Vakt, and those beside it that do not.
import { expect, it } from 'vitest'
import { isOwnAddress } from './own-address.ts'

const sockets = {
  syslog: { udpPort: null, tcpPort: 5514, tlsPort: null, certificate: null, project: '' },
  gelf: { udpPort: null, tcpPort: null, project: '' },
  fluent: { port: null, project: '' },
}
const HERE = 'http://127.0.0.1:8080'
/** The name of a router or of the host of a container. */
const ELSEWHERE = 'https://192.0.2.9'

it.each([
  ['tcp://127.0.0.1:5514', HERE, true],
  ['tcp://127.0.0.1:514', HERE, false],
  ['udp://127.0.0.1', HERE, false],
  ['http://127.0.0.1:8080/api/logs', HERE, true],
  ['http://127.0.0.1:9200', HERE, false],
  ['https://192.0.2.9/api/logs', ELSEWHERE, true],
  ['https://192.0.2.9:9200', ELSEWHERE, false],
  ['tcp://192.0.2.9:514', ELSEWHERE, true],
  ['udp://192.0.2.9:514', ELSEWHERE, false],
  ['tcp://192.0.2.10:514', ELSEWHERE, false],
])('%s of a Vakt at %s: %s', async (address, publicUrl, isOwn) => {
  const config = { port: 8080, sockets } as unknown as Parameters<typeof isOwnAddress>[1]
  expect(await isOwnAddress(new URL(address), config, publicUrl)).toBe(isOwn)
})
