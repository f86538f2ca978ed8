// pino-loki (JSON) and winston-loki (JSON, and protobuf with snappy). Both drop a batch that fails, or send it again.
import type { ClientProof } from './client.ts'
import { startScript } from './node-client.ts'

const PINO = ['pino@10.4.0', 'pino-loki@3.0.0']
const WINSTON = ['winston@3.19.0', 'winston-loki@6.1.7', 'snappy@7.4.3']

const common = { kind: 'acknowledged', source: 'proof', host: 'proof-host' } as const

export const pinoLoki: ClientProof = {
  ...common,
  name: 'pino-loki',
  packages: PINO,
  maxRepeated: 100,
  start: assignment =>
    startScript(
      `
import pino from 'pino'
import { pinoLoki } from 'pino-loki'
const stream = pinoLoki({ host: url, basicAuth: { username: 'vakt', password: key }, batching: { interval: 0.2 }, labels: { application: 'proof', host: 'proof-host' } })
const logger = pino({ base: null }, stream)
await sendAll((message, level) => logger[level](message))
await wait(5_000)
stream.end()
`,
      PINO,
      assignment,
    ),
}

const winston = (name: string, json: boolean): ClientProof => ({
  ...common,
  name,
  packages: WINSTON,
  maxRepeated: 200,
  start: assignment =>
    startScript(
      `
import winston from 'winston'
import LokiTransport from 'winston-loki'
const transport = new LokiTransport({ host: url, basicAuth: 'vakt:' + key, json: ${json}, interval: 1, replaceTimestamp: false, labels: { app: 'proof', host: 'proof-host' }, format: winston.format.printf(({ message }) => message), onConnectionError: error => console.error(String(error)) })
const logger = winston.createLogger({ transports: [transport] })
await sendAll((message, level) => void logger.log(level, message))
await wait(100_000)
`,
      WINSTON,
      assignment,
    ),
})

export const winstonLokiJson = winston('winston-loki-json', true)
export const winstonLokiProtobuf = winston('winston-loki-protobuf', false)
