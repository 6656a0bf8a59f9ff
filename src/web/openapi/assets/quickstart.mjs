const site = 'SITE';
const visitor = await fetch(`${site}/v1/visitors`, { method: 'POST' });
const { token } = await visitor.json();
const vote = await fetch(`${site}/v1/tools/SLUG/vote`, {
  method: 'PUT',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify({ choice: 'ship' }),
});
const { tally } = await vote.json();
console.log(tally.community);
