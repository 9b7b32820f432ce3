/** The OpenAPI document of an API that answers the call of the bench. */
import { TOOL } from './call.ts';

/** Where the upstream answers it. */
export const API_PATH = '/forecast';

const parameter = (name: string, type: string) => ({ name, in: 'query', schema: { type } });

const operation = (operationId: string) => ({
  operationId,
  summary: 'The weather of the next days.',
  parameters: [
    { ...parameter('city', 'string'), required: true },
    parameter('days', 'integer'),
    parameter('units', 'string'),
  ],
  responses: {
    200: { description: 'The forecast.', content: { 'text/plain': { schema: { type: 'string' } } } },
  },
});

/** The JSON text of a document of `count` operations, of which the last is the one that is called. */
export const apiDocument = (count: number): string => {
  const others = Array.from({ length: count - 1 }, (_, at) => [
    `${API_PATH}/${at}`,
    { get: operation(`${TOOL}_${at}`) },
  ]);
  return JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Forecasts', version: '1.0.0' },
    paths: { ...Object.fromEntries(others), [API_PATH]: { get: operation(TOOL) } },
  });
};
