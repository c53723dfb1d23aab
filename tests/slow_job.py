"A job that takes its time, for tests that kill whoever does it; as a program, the driver of a run on a cluster."
import os, sys, time
from dataclasses import dataclass
from pathlib import Path

from bears_lib.engine.shards.answers import AskJob, ask_job

@dataclass
class SlowJob(AskJob):
    "As `AskJob`, and every photo takes its time; each worker leaves its process number behind."
    seconds: float = 0.01
    pids: str = ''
    def start(self):
        look = super().start()
        (Path(self.pids)/str(os.getpid())).touch()
        def slowly(row, data):
            time.sleep(self.seconds)
            return look(row, data)
        return slowly

def slow_job(model:Path, place:Path, seconds:float=0.01) -> SlowJob:
    (place/'pids').mkdir(exist_ok=True)
    job = ask_job(model)
    return SlowJob(job.kind, job.made_by, job.folder, seconds, str(place/'pids'))

if __name__ == '__main__':
    import ray
    from slow_job import slow_job as job_of  # by its name, so that workers find it
    from bears_lib.engine.shards.engines import run_shards
    from bears_lib.engine.shards.shards import begin
    address, model, place, photos, out = sys.argv[1:]
    ray.init(address=address, logging_level='ERROR', log_to_driver=False)
    run_shards(begin(job_of(Path(model), Path(place)), photos, out, shard=10), engine='ray')
