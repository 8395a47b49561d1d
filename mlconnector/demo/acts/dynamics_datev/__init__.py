from mlconnector.demo.acts.dynamics_datev.act import DynamicsToDatev as ACT

__all__ = ("ACT",)
