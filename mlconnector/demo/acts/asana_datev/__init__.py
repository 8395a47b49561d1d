from mlconnector.demo.acts.asana_datev.act import AsanaToDatev as ACT

__all__ = ("ACT",)
