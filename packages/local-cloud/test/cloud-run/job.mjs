// The command of a test job: writes its environment and account, and misbehaves as BEHAVIOUR says.
const { BEHAVIOUR, CLOUD_RUN_TASK_ATTEMPT } = process.env;

if (BEHAVIOUR === 'exits') {
  console.log(`attempt ${CLOUD_RUN_TASK_ATTEMPT} fails`);
  process.exit(3);
}
if (BEHAVIOUR === 'never ends') {
  setInterval(() => {}, 1_000);
  console.log('waiting');
} else {
  const { GoogleAuth } = await import('google-auth-library');
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
  const { token } = await (await auth.getClient()).getAccessToken();
  const { client_email: email } = await auth.getCredentials();
  console.log(JSON.stringify({ environment: process.env, email, token }));
}
