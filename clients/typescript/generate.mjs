// Makes src/schema.ts of docs/openapi.json; with --check it only says whether the committed one is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import openapi, { astToString } from 'openapi-typescript';

const here = import.meta.dirname;
const document = path.resolve(here, '../../docs/openapi.json');
const target = path.join(here, 'src/schema.ts');
const head = `// Made from docs/openapi.json by \`npm run generate\`; not to be edited.\n\n`;

const tree = await openapi(pathToFileURL(document), { alphabetize: true, rootTypes: true, rootTypesNoSchemaPrefix: true });
const made = head + astToString(tree);

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== made) {
    console.error('src/schema.ts is not what docs/openapi.json says; run "npm run generate" in clients/typescript');
    process.exit(1);
  }
  console.log(`the client is what the API's document says: ${made.length} bytes`);
} else {
  writeFileSync(target, made);
  console.log(`made ${made.length} bytes`);
}
