// A Hono server that only says OK: what the intake's speed is measured against.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono()
app.all('/ping/*', c => c.text('OK'))
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) }, () =>
  process.stdout.write('ready\n'),
)
