import type { McpServer } from '@modelcontextprotocol/server';
import { fromJsonSchema } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** Tools whose input schema is the point: JSON Schema 2020-12 keywords and `x-mcp-header`. */
export function registerSchemaTools(server: McpServer): void {
  server.registerTool(
    'json_schema_2020_12_tool',
    {
      description: 'Tool with JSON Schema 2020-12 features',
      inputSchema: fromJsonSchema({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        $defs: {
          address: {
            $anchor: 'addressDef',
            type: 'object',
            properties: { street: { type: 'string' }, city: { type: 'string' } },
          },
        },
        properties: {
          name: { type: 'string' },
          address: { $ref: '#/$defs/address' },
          contactMethod: { type: 'string', enum: ['phone', 'email'] },
          phone: { type: 'string' },
          email: { type: 'string' },
        },
        allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
        if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
        // biome-ignore lint/suspicious/noThenProperty: `then` is a JSON Schema keyword here
        then: { required: ['phone'] },
        else: { required: ['email'] },
        additionalProperties: false,
      }),
    },
    (args) => ({ content: [{ type: 'text', text: JSON.stringify(args) }] }),
  );

  server.registerTool(
    'test_custom_header',
    {
      description: 'Answers with its arguments; two of them travel as Mcp-Param headers too',
      inputSchema: z.object({
        region: z.string().meta({ 'x-mcp-header': 'Region' }),
        priority: z.int().optional().meta({ 'x-mcp-header': 'Priority' }),
        note: z.string().optional(),
      }),
    },
    (args) => ({ content: [{ type: 'text', text: JSON.stringify(args) }] }),
  );
}
