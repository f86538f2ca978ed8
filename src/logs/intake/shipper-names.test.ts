// The names that shippers give to lines: each shipper's own objects, nested or joined by dots.
import { expect, it } from 'vitest'
import { lineOf } from './batches.testing.ts'

it.each<[string, object, string, string]>([
  ['Fluent Bit on Kubernetes', { kubernetes: { container_name: 'api', pod_name: 'api-1', host: 'n1' } }, 'api', 'n1'],
  ['Vector on Kubernetes', { kubernetes: { container_name: 'api', pod_node_name: 'n1' } }, 'api', 'n1'],
  ['Vector of Docker', { container_name: 'shop-1', host: 'web-1' }, 'shop-1', 'web-1'],
  ["Docker's fluentd driver", { container_name: '/shop-1' }, 'shop-1', ''],
  ['Filebeat of Docker', { container: { id: 'a', name: 'shop-1' }, agent: { name: 'node-1' } }, 'shop-1', 'node-1'],
  ['Filebeat on Kubernetes', { kubernetes: { container: { name: 'api' }, node: { name: 'n1' } } }, 'api', 'n1'],
  ['ECS with dots', { 'container.name': 'shop-1', 'host.hostname': 'h' }, 'shop-1', 'h'],
  ['ECS half with dots', { 'kubernetes.container': { name: 'api' } }, 'api', ''],
  ['OpenTelemetry on Kubernetes', { 'k8s.container.name': 'api', 'k8s.node.name': 'n1' }, 'api', 'n1'],
  ['a host without a name', { host: { hostname: 'h', ip: ['10.0.0.1'] } }, '', 'h'],
  ['a data set', { event: { dataset: 'nginx.access' }, log: { file: { path: '/x/y.log' } } }, 'nginx.access', ''],
  ['a data stream', { data_stream: { type: 'logs', dataset: 'shop.orders', namespace: 'prod' } }, 'shop.orders', ''],
  ['a generic data stream', { data_stream: { dataset: 'generic' } }, '', ''],
  ['a file', { log: { file: { path: '/var/log/nginx/error.log.1' } } }, 'error', ''],
  ['a file on Windows', { 'log.file.path': 'C:\\logs\\shop.log' }, 'shop', ''],
  ['a file of one day', { log: { file: { path: '/var/log/shop-2026-11-29.log' } } }, '', ''],
  ['a file of a container', { log: { file: { path: '/var/lib/docker/containers/9f86d081884c-json.log' } } }, '', ''],
  ['rsyslog', { fromhost: 'web-1', programname: 'sshd' }, 'sshd', 'web-1'],
  ['an index', { _index: 'shop' }, 'shop', ''],
  ['an index of a day', { _index: 'shop-2026.11.29' }, 'shop', ''],
  ['an index of a version, a day and a number', { _index: 'filebeat-8.15.0-2026.11.29-000001' }, 'filebeat', ''],
  ['a data stream as an index', { _index: 'logs-nginx.access-prod' }, 'nginx.access', ''],
  ['a generic data stream as an index', { _index: 'logs-generic-default' }, '', ''],
  ['its own source before that of a shipper', { service: 'cart', container_name: 'shop-1', _index: 'x' }, 'cart', ''],
  ['no names', { kubernetes: 'yes', container: null, container_name: 7, log: { file: 'x' } }, '7', ''],
  [
    'an attack',
    { kubernetes: { container_name: { name: { name: 'x' } } }, __proto__: { container_name: 'x' } },
    '',
    '',
  ],
])('%s', (_shipper, fields, source, host) => {
  expect(lineOf({ message: 'm', ...fields })).toMatchObject({ source, host })
})

it('a source in the query is better than the index, and worse than what a shipper names', () => {
  expect(lineOf({ message: 'm', _index: 'shop' }, { defaults: { source: 'q' } })).toMatchObject({ source: 'q' })
  expect(lineOf({ message: 'm', container_name: 'shop-1' }, { defaults: { source: 'q' } })).toMatchObject({
    source: 'shop-1',
  })
})
