export { INFRA, LOCAL_FOLDER, REPOSITORY } from '@records/stack';
