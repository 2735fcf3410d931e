"""The peer of compare_training.py: Hugging Face transformers on PyTorch; reads a job on standard input, prints a line of JSON.

Best configuration: sequences grouped by length, padded to the longest of the batch; bf16 autocast with fp32 master weights; fused AdamW;
scaled_dot_product_attention; teacher weights converted to bf16 once. On a CUDA device lengths are padded to a multiple of 8, for its
tensor cores. Configuration of published scripts: all padded to the maximum length.
"""
import time

import peer_models


def distillation_loss(student, teacher, temperature=2.0):
    """Kullback-Leibler divergence of the softened span logits, the mean of start and end, scaled by the temperature's square."""
    import torch.nn.functional as F

    terms = []
    for name in ("start_logits", "end_logits"):
        log_student = F.log_softmax(getattr(student, name).float() / temperature, dim=-1)
        soft_teacher = F.softmax(getattr(teacher, name).float() / temperature, dim=-1)
        terms.append(F.kl_div(log_student, soft_teacher, reduction="batchmean") * temperature**2)
    return sum(terms) / len(terms)


class Trainer:
    def __init__(self, job):
        import torch

        self.torch, self.job = torch, job
        self.task, self.device = job["task"], job.get("device", "cpu")
        self.is_bf16 = job["precision"] == "bf16"
        self.model = peer_models.make_model(job["size"], self.task).to(self.device).train()
        self.teacher = peer_models.make_model(job["teacher"], self.task).to(self.device).eval() if job.get("teacher") else None
        if self.teacher and self.is_bf16:
            self.teacher.to(torch.bfloat16)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=3e-5, weight_decay=0.0, fused=True)

    def inputs(self, batch):
        ids, types, mask = (self.torch.tensor(rows).to(self.device, non_blocking=True) for rows in peer_models.pad(batch, peer_models.padded_length(self.job, batch)))
        return {"input_ids": ids, "attention_mask": mask}, {"token_type_ids": types}

    def step(self, batch):
        torch = self.torch
        inputs, types = self.inputs(batch)
        own = inputs if self.job["size"] == "distilbert" else {**inputs, **types}
        answer = torch.zeros(len(batch), dtype=torch.long, device=self.device)
        labels = {"start_positions": answer, "end_positions": answer} if self.task == "squad" else {"labels": answer}
        if self.task == "pretraining":  # every seventh token is to be predicted, as in `retort bench train`
            masked = torch.full_like(inputs["input_ids"], -100)
            masked[:, 1::7] = inputs["input_ids"][:, 1::7]
            labels = {"labels": masked, "next_sentence_label": answer}
        with torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=self.is_bf16):
            output = self.model(**own, **labels)
        loss = output.loss
        if self.teacher:
            with torch.no_grad():
                soft = self.teacher(**inputs, **types)
            loss = 0.5 * loss + 0.5 * distillation_loss(output, soft)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def wait(self):
        """Until the device has done what was asked of it."""
        if self.device.startswith("cuda"):
            self.torch.cuda.synchronize()

    def measures(self):
        if not self.device.startswith("cuda"):
            return {}
        return {"device_mb": self.torch.cuda.max_memory_reserved() / 2**20, "device_name": self.torch.cuda.get_device_name()}


def main():
    job = peer_models.read_job()
    import torch

    torch.set_num_threads(job["threads"])
    trainer = Trainer(job)
    warm_up, batches = peer_models.read_batches(job)
    for _ in range(job.get("warm_up_steps", 1)):
        trainer.step(warm_up)
    trainer.wait()
    begin = time.perf_counter()
    for batch in batches:
        trainer.step(batch)
    trainer.wait()
    peer_models.report(job, batches, time.perf_counter() - begin, trainer.measures())


if __name__ == "__main__":
    main()
